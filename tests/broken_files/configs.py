"""Config files that must be refused."""

from tests.broken_files.case import GOOD_CONFIG, BrokenFile


def _config(kind: str, content: str | bytes | None, match: str, line: int | None) -> BrokenFile:
    data = content.encode() if isinstance(content, str) else content
    return BrokenFile(f"config-{kind}", "config", "broken.toml", data, match, line)


def _changed(kind: str, old: str, new: str, match: str, line: int | None) -> BrokenFile:
    assert GOOD_CONFIG.count(old) == 1, old
    return _config(kind, GOOD_CONFIG.replace(old, new), match, line)


CONFIGS = (
    _config("missing", None, "there is no such file; check the path", None),
    BrokenFile("config-folder", "config", "folder", None, "is a folder; give the", is_folder=True),
    _config("empty", "", r"key frontier: is missing; add it \(and 1 more\)", None),
    _config(
        "not-toml", GOOD_CONFIG + "max_loss: 0.02\n", "not valid TOML: .+; correct this line", 17
    ),
    _config("unquoted", "frontier = large\n", "is not valid TOML: Invalid value; correct", 1),
    _config(
        "decimal-comma",
        GOOD_CONFIG + "min_samples = 0,4  # halb\n",
        "holds a decimal comma; write decimals with a point, like 0.02",
        17,
    ),
    _config(
        "number-in-quotes",
        GOOD_CONFIG.replace("usd_per_request = 0.02", 'usd_per_request = "0,02"'),
        "should be a valid number, without quotes and with a point before decimals",
        5,
    ),
    _config("cut-off", 'x = """a\nb\n', "is not valid TOML: .+; correct this line", 3),
    _config(
        "key-twice", GOOD_CONFIG + "min_cluster_size = 9\n", "not valid TOML: Cannot .+; corr", 17
    ),
    _config("latin-1", "# caf\xe9\n".encode("latin-1"), "is not UTF-8; save it as UTF-8", 1),
    _config("utf-16", GOOD_CONFIG.encode("utf-16"), "is not UTF-8; save it as UTF-8", 1),
    _config("endless-number", "x = " + "9" * 5_000, "no config needs; shorten it", None),
    _config("nested-too-deeply", "x = " + "[" * 5_000, "no config needs; shorten it", None),
    _changed("no-frontier", 'frontier = "large"', "", "key frontier: is missing; add it", None),
    _changed(
        "misspelt-key",
        "frontier =",
        "fronteir =",
        r"fronteir: is not .+; did you mean 'frontier'",
        1,
    ),
    _changed(
        "misspelt-frontier",
        'frontier = "large"',
        'frontier = "larg"',
        r"key frontier: 'larg' is not the name of one of .+; did you mean 'large'\?",
        1,
    ),
    _changed("misspelt-table", "[quality]", "[qualty]", r"key qualty: .+ mean 'quality'\?", 11),
    _changed(
        "misspelt-key-of-a-model",
        "usd_per_request = 0.0005",
        "usd_per_requests = 0.0005",
        r"key models\[1\]\.usd_per_requests: .+ mean 'usd_per_request'\?",
        9,
    ),
    _changed(
        "misspelt-key-of-a-union",
        "min_cluster_size",
        "min_size",
        r"key clustering\.min_size: is not a known key",
        16,
    ),
    _changed(
        "nothing-like-it", "max_loss = 0.02", "zzz = 1", "zzz: .+; known are 'max_loss', ", 12
    ),
    _config(
        "key-of-another-kind",
        GOOD_CONFIG + '[encoder]\nkind = "static"\nprecision = "int8"\n',
        "encoder.precision: is a key of kind 'sentence-transformers' only; remove it, or change",
        19,
    ),
    _config(
        "dimension-huge",
        GOOD_CONFIG + '[encoder]\nkind = "static"\ndimension = 100000\n',
        r"encoder.dimension: should be less than or equal to 4096 \(found 100000\)",
        19,
    ),
    _changed("loss-negative", "0.02\n\n[clus", "-1\n\n[clus", r"greater .+ 0 \(found -1\)", 12),
    _changed(
        "loss-percent", "0.02\n\n[clus", "2\n\n[clus", r"max_loss: should be less .+ 1 \(fo", 12
    ),
    _changed(
        "loss-nan", "0.02\n\n[clus", "nan\n\n[clus", r"max_loss: should be .+ \(found nan\)", 12
    ),
    _changed("loss-true", "0.02\n\n[clus", "true\n\n[clus", r"a valid number \(found True\)", 12),
    _changed(
        "loss-string",
        "0.02\n\n[clus",
        '"2%"\n\n[clus',
        r"a valid number, without quotes .+ \(found '2%'\)",
        12,
    ),
    _changed("price-negative", "0.0005", "-1", r"models\[1\]\.usd_per_request: should be gr", 9),
    _changed("price-infinite", "0.0005", "inf", r"usd_per_request: should be .+ \(found inf\)", 9),
    _changed(
        "no-price",
        "usd_per_request = 0.0005",
        "",
        r"models\[1\]: model 'small' needs either usd_per_request, or both",
        7,
    ),
    _changed(
        "half-a-price",
        "usd_per_request = 0.0005",
        "usd_per_million_input_tokens = 1",
        "model 'small' needs either usd_per_request, or both",
        7,
    ),
    _changed(
        "model-twice",
        'name = "small"',
        'name = "large"',
        r"models\[1\]\.name: 'large' is listed twice; remove one",
        8,
    ),
    _changed(
        "model-without-name", 'name = "small"', "", r"models\[1\]\.name: is missing; add it", 7
    ),
    _changed("model-name-empty", '"small"', '""', r"models\[1\]\.name: is empty; fill it in", 8),
    _changed(
        "kind-missing",
        'kind = "hdbscan"',
        "",
        r"clustering\.kind: is missing; add it, like kind = .hdbscan",
        14,
    ),
    _changed(
        "kind-unknown",
        '"hdbscan"',
        '"dbscan"',
        r"clustering\.kind: should be one of 'hdbscan', 'kmeans', not 'dbscan'",
        15,
    ),
    _changed("size-fraction", "= 15", "= 1.5", r"min_cluster_size: .+ integer \(found 1.5\)", 16),
    _config("no-models", 'frontier = "a"\nmodels = []\n', "key models: is empty; fill it in", 2),
    _config(
        "models-string", 'frontier = "a"\nmodels = "a"\n', "models: should be a valid array", 2
    ),
    _config(
        "table-number",
        "quality = 1\n" + GOOD_CONFIG.replace("[quality]\nmax_loss = 0.02", ""),
        "quality: should be a table; w",
        1,
    ),
    _config(
        "strange-key", GOOD_CONFIG + '"a\\nb\\u001b" = 1\n', r"'a\\nb\\x1b': is not a known", 14
    ),
    _changed(
        "several-problems",
        "max_loss = 0.02",
        "max_loss = 2\nconfidence = 2",
        r"quality\.max_loss: .+ \(and 1 more\)$",
        12,
    ),
)
