"""The kinds of work in the demo's traffic, and how well each made-up model does each of them.

None of these models exists. Their prices have the ratios that real ones have; their success rates
are stated here and nowhere measured. Every score of the demo is simulated from this table.
"""

from dataclasses import dataclass
from functools import cached_property

from semroute.demo.grammars import code, everyday, expert, language, maths, support, writing
from semroute.demo.phrases import Grammar, parse_grammar


@dataclass(frozen=True)
class DemoModel:
    """A made-up model: its prices, and the share of the log it was scored on."""

    name: str
    usd_per_million_input_tokens: float
    usd_per_million_output_tokens: float
    context_window: int
    coverage: float


FRONTIER = "frontier-xl"

# fmt: off
MODELS = (
    #          name         input  output  context  scored
    DemoModel("frontier-xl", 5.00,  20.00,  400_000, 0.97),
    DemoModel("mid-m",       1.00,   4.00,  200_000, 0.78),  # joined late: fewer scores
    DemoModel("coder-s",     0.30,   1.20,  128_000, 0.96),
    DemoModel("small-s",     0.20,   0.80,  128_000, 0.96),
    DemoModel("tiny-xs",     0.06,   0.25,   32_000, 0.96),
)
# fmt: on


@dataclass(frozen=True)
class Kind:
    """A kind of work: its weight in the traffic, the usual answer, and success rates by model."""

    name: str
    weight: float
    answer_tokens: int
    rates: tuple[float, ...]
    grammar_source: str

    @cached_property
    def grammar(self) -> Grammar:
        """The grammar its texts are drawn from."""
        return parse_grammar(self.grammar_source)


# fmt: off
KINDS = (
    #    kind           weight, answer_tokens  frontier  mid   coder  small   tiny
    Kind("order_status",     7.5, 130, (0.980, 0.980, 0.940, 0.980, 0.975), support.ORDER_STATUS),
    Kind("returns",          5.5, 160, (0.980, 0.985, 0.910, 0.975, 0.920), support.RETURNS),
    Kind("account_access",   5.0, 150, (0.980, 0.980, 0.950, 0.980, 0.975), support.ACCOUNT_ACCESS),
    Kind("billing",          5.0, 170, (0.980, 0.980, 0.890, 0.975, 0.860), support.BILLING),
    Kind("store_questions",  5.0,  90, (0.980, 0.980, 0.940, 0.980, 0.980), support.STORE),
    Kind("small_talk",       5.5,  60, (0.985, 0.985, 0.950, 0.990, 0.985), everyday.SMALL_TALK),
    Kind("scheduling",       4.5,  70, (0.980, 0.980, 0.960, 0.980, 0.975), everyday.SCHEDULING),
    Kind("cooking",          5.0, 380, (0.970, 0.970, 0.880, 0.970, 0.850), everyday.COOKING),
    Kind("travel",           5.0, 400, (0.960, 0.960, 0.830, 0.870, 0.720), everyday.TRAVEL),
    Kind("sentiment",        4.5,  10, (0.980, 0.980, 0.970, 0.980, 0.980), language.SENTIMENT),
    Kind("extraction",       5.0, 120, (0.985, 0.990, 0.980, 0.985, 0.985), language.EXTRACTION),
    Kind("translation",      4.5,  60, (0.980, 0.980, 0.840, 0.980, 0.800), language.TRANSLATION),
    Kind("proofreading",     4.5,  90, (0.980, 0.980, 0.900, 0.980, 0.860), language.PROOFREADING),
    Kind("summarising",      5.0, 180, (0.970, 0.970, 0.900, 0.970, 0.820), language.SUMMARISING),
    Kind("emails",           5.0, 220, (0.970, 0.970, 0.810, 0.860, 0.700), writing.EMAILS),
    Kind("product_copy",     4.0, 180, (0.950, 0.950, 0.750, 0.820, 0.640), writing.PRODUCT_COPY),
    Kind("fiction",          2.0, 380, (0.920, 0.830, 0.600, 0.680, 0.460), writing.FICTION),
    Kind("python_functions", 6.0, 420, (0.970, 0.920, 0.970, 0.800, 0.550), code.PYTHON_FUNCTIONS),
    Kind("sql",              5.0, 260, (0.960, 0.910, 0.965, 0.780, 0.500), code.SQL),
    Kind("shell_git",        3.5, 190, (0.970, 0.940, 0.970, 0.860, 0.660), code.SHELL_GIT),
    Kind("stack_traces",     4.5, 330, (0.950, 0.860, 0.950, 0.700, 0.420), code.STACK_TRACES),
    Kind("concurrency",      1.9, 520, (0.810, 0.530, 0.600, 0.290, 0.100), code.CONCURRENCY),
    Kind("word_problems",    4.5, 200, (0.970, 0.970, 0.900, 0.830, 0.550), maths.WORD_PROBLEMS),
    Kind("proofs",           2.0, 640, (0.740, 0.410, 0.380, 0.170, 0.040), maths.PROOFS),
    Kind("contract_review",  2.0, 560, (0.860, 0.620, 0.400, 0.390, 0.160), expert.CONTRACT_REVIEW),
    Kind("employment_law",   2.0, 420, (0.870, 0.660, 0.440, 0.460, 0.220), expert.EMPLOYMENT_LAW),
    Kind("symptoms",         2.0, 340, (0.890, 0.700, 0.460, 0.520, 0.300), expert.SYMPTOMS),
)
# fmt: on
