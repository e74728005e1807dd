"""The analysts' labels sheet: written as CSV for a spreadsheet, and read back however it is saved.

Columns: `cluster_key`; to edit `name`, `label` (empty: the automatic one) and `note`; to judge by
`cluster_id`, `auto_label`, `answered_by`, `auto_reason`, `size`, `share`, `keywords`, `example_1`
to `example_3`, `n_evals`, `index_version`, and for every model `<model> score`, `<model> loss`,
`<model> loss_bound` and `<model> cost_usd`.
"""

from semroute.labels.alignment import Exported, ExportedClusters
from semroute.labels.cells import (
    is_converted,
    is_garbled,
    looks_untouched,
    may_have_lost_letters,
    neutralise,
    restore,
)
from semroute.labels.edits import LabelEdit, read_edits
from semroute.labels.sheet import (
    CLUSTER_KEY,
    N_EXAMPLES,
    SheetModel,
    SheetRow,
    sheet_bytes,
)

__all__ = [
    "CLUSTER_KEY",
    "N_EXAMPLES",
    "Exported",
    "ExportedClusters",
    "LabelEdit",
    "SheetModel",
    "SheetRow",
    "is_converted",
    "is_garbled",
    "looks_untouched",
    "may_have_lost_letters",
    "neutralise",
    "read_edits",
    "restore",
    "sheet_bytes",
]
