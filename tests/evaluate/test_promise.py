"""What was promised, in the output of `evaluate` and at its gate, and what was measured."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from semroute.artifact.loading import load_index
from semroute.artifact.lock import locked
from semroute.artifact.publishing import publish
from semroute.certificate import Certificate
from semroute.cli.evaluation_gates import Bars, gates
from semroute.evaluate import judge_decisions
from semroute.evaluate.paired import Interval
from semroute.evaluate.promise import NO_CERTIFICATE, against_promise, notes_on, promise_of
from tests.command_line import Finished, run
from tests.evaluate.sets import decision, frozen_set
from tests.judged import Judged
from tests.tiny import tiny_config
from tests.tiny_index import tiny_certificate, tiny_contents

MODELS, COSTS = ("large", "medium", "small"), (0.02, 0.004, 0.0005)

HELD = tiny_certificate(tiny_config()).model_copy(update={"max_loss": 0.03})
BROKEN = HELD.model_copy(update={"holds": False, "tolerance": None, "n_overrides": 1})
FRONTIER_ALONE = HELD.model_copy(update={"tolerance": None, "upper_bound": 0.0, "mean_loss": 0.0})
LABELS_ALONE = HELD.model_copy(update={"tolerance": None, "n_overrides": 1})


@pytest.mark.parametrize(
    ("loss", "outcome", "is_broken", "told"),
    [
        (
            Interval(0.01, -0.00001, 0.03),
            "within",
            False,
            "lost 0.010 (0.000 to 0.030), within the",
        ),
        (Interval(0.02, 0.01, 0.031), "interval above", False, "but the interval goes above: more"),
        (
            Interval(0.04, 0.02, 0.05),
            "above",
            False,
            "above the 0.03 promised, though the interval",
        ),
        (Interval(0.04, 0.031, 0.05), "above", True, "promised, and so is the whole interval."),
        (None, "unknown", False, "What is lost on these queries is not known"),
    ],
)
def test_what_was_lost_is_held_against_what_was_promised(
    loss: Interval | None, outcome: str, is_broken: bool, told: str
) -> None:
    found = against_promise(promise_of(HELD), loss, 500)
    assert (found.outcome, found.is_broken) == (outcome, is_broken)
    assert told in found.sentence
    assert "the 0.03 promised" in found.sentence


@pytest.mark.parametrize(
    ("loss", "told"),
    [
        (
            Interval(-0.002, -0.006, 0.002),
            "score gained 0.002 (0.002 lost to 0.006 gained), within",
        ),
        (Interval(0.0302, 0.01, 0.05), "score lost 0.0302 (0.0100 to 0.0500), above"),
        (Interval(0.0298, 0.01, 0.05), "score lost 0.030 (0.010 to 0.050), within"),
    ],
)
def test_a_gain_is_called_one_and_decimals_show_on_which_side_of_the_promise_it_is(
    loss: Interval, told: str
) -> None:
    assert told in against_promise(promise_of(HELD), loss, 500).sentence


def test_what_was_lost_to_the_last_bit_is_within_what_was_promised() -> None:
    lost = 0.1 + 0.2  # a little more than 0.3
    promise = promise_of(HELD.model_copy(update={"max_loss": 0.3}))
    found = against_promise(promise, Interval(lost, lost, lost), 500)
    assert (found.outcome, found.is_broken) == ("within", False)


def test_a_gate_that_is_met_to_the_last_digit_is_met() -> None:
    """A model that loses 7 of 100 queries scores 1 - 0.07, a little less than 0.93."""
    contents = tiny_contents()
    frozen = frozen_set([(1.0, 1.0, float(row >= 7)) for row in range(100)], COSTS, models=MODELS)
    small = decision("small", (0.0, 0.1, 0.2), costs_usd=COSTS, models=MODELS)
    vectors = contents.calibration.vectors[[0] * 100]
    judged = judge_decisions(contents, frozen, [small] * 100, vectors)
    met = gates(judged, Bars(0.93, COSTS[2], 0.07, require_promise=False))
    missed = gates(judged, Bars(0.9301, COSTS[2] * 0.999, 0.0699, require_promise=False))
    assert [gate.met for gate in (*met, *missed)] == [True] * 3 + [False] * 3


def test_a_handful_of_queries_neither_keeps_nor_breaks_a_promise() -> None:
    found = against_promise(promise_of(HELD), Interval(0.5, 0.4, 0.6), 29)
    assert (found.outcome, found.is_broken) == ("unknown", False)
    assert "29 queries are too few" in found.sentence
    one = against_promise(promise_of(HELD), Interval(0.5, 0.4, 0.6), 1)
    assert one.sentence.startswith("1 query is too few to hold against")
    assert against_promise(promise_of(HELD), Interval(0.5, 0.4, 0.6), 30).is_broken


def test_where_nothing_went_elsewhere_no_promise_was_tested() -> None:
    found = against_promise(promise_of(HELD), Interval(0.0, 0.0, 0.0), 500, is_tried=False)
    assert (found.outcome, found.is_broken) == ("not tried", False)
    assert "within" not in found.sentence
    assert "Of 500 queries none was sent elsewhere" in found.sentence


def test_what_was_only_asked_for_is_not_called_promised() -> None:
    loss = Interval(0.01, 0.0, 0.02)
    told = against_promise(promise_of(BROKEN), loss, 500).sentence
    assert "within the 0.03 asked for, not promised" in told
    nothing = against_promise(promise_of(None), loss, 500)
    assert (nothing.outcome, "no promise" in nothing.sentence) == ("unknown", True)


@pytest.mark.parametrize(
    ("certificate", "holds", "is_frontier_alone"),
    [
        (HELD, True, False),
        (BROKEN, False, False),
        (FRONTIER_ALONE, True, True),
        (LABELS_ALONE, True, False),
        (None, False, False),
    ],
)
def test_a_promise_says_whether_it_holds_and_whether_only_the_frontier_answers(
    certificate: Certificate | None, holds: bool, is_frontier_alone: bool
) -> None:
    found = promise_of(certificate)
    assert (found.holds, found.is_frontier_alone) == (holds, is_frontier_alone)
    assert found.sentence == (certificate.sentence if certificate else NO_CERTIFICATE)
    assert found.sentence.startswith("Nothing cheaper") == is_frontier_alone


def test_what_was_left_out_is_counted_in_words() -> None:
    assert notes_on(500, 0, 0) == ()
    (one,), (many,) = notes_on(4, 1, 1), notes_on(1000, 1000, 999)
    assert one.startswith("5 queries were given and 1 of them was left out")
    assert "(20.0% of the file)" in one
    assert many.startswith("2,000 queries were given and 1,000 of them were left out (50.0% of")
    assert "999 with the same words, 1 nearly so" in many
    assert "the rest is not the traffic" in many


def test_models_left_out_are_among_the_notes() -> None:
    certificate = HELD.model_copy(update={"models_left_out": {"small": 0.1}})
    assert notes_on(500, 0, 0, HELD) == ()
    assert notes_on(500, 0, 0, certificate) == (f"{certificate.left_out_sentence}.",)
    assert notes_on(500, 1, 1, certificate)[1].startswith(
        "small (10% known) answers nothing without"
    )


def _judge(judged: Judged, index: Path, *more: object) -> Finished:
    arguments = judged.arguments[2:]
    with judged.encoding("semroute.evaluate.evaluation"):
        return run("evaluate", "--index", index, *arguments, *more)


@pytest.fixture(scope="module", params=["labels end the promise", "no certificate"])
def unpromised(
    judged: Judged, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    """The index under a certificate that does not hold, or without one."""
    contents, folder = load_index(judged.index), tmp_path_factory.mktemp("unpromised")
    held = contents.manifest.certificate
    assert held
    broken = held.model_copy(update={"holds": False, "upper_bound": 0.3})
    certificate = broken if request.param == "labels end the promise" else None
    manifest = contents.manifest.model_copy(update={"certificate": certificate})
    with locked(folder):
        publish(folder, replace(contents, manifest=manifest))
    return folder


def test_the_certificate_stands_above_everything_else(judged: Judged, unpromised: Path) -> None:
    for index in (judged.index, unpromised):
        certificate = load_index(index).manifest.certificate
        told = _judge(judged, index).stdout.splitlines()
        assert told[0] == (certificate.sentence if certificate else NO_CERTIFICATE)
        document = json.loads(_judge(judged, index, "--json").stdout)
        assert told[1] == document["against_promise"]["sentence"]
        assert document["certificate"] == {
            "holds": bool(certificate and certificate.holds),
            "is_frontier_alone": False,
            "sentence": told[0],
            "max_loss": certificate and certificate.max_loss,
            "confidence": certificate and certificate.confidence,
            "upper_bound": certificate and certificate.upper_bound,
            "saving": certificate and certificate.saving,
        }


def test_without_a_promise_its_gate_is_missed(judged: Judged, unpromised: Path) -> None:
    done = _judge(judged, unpromised, "--require-promise")
    assert done.code == 5
    assert "--require-promise asks for a certificate that holds" in done.stderr
    assert done.stdout.splitlines()[-1] == "require-promise: nothing is promised, NOT met"
    done = _judge(judged, unpromised, "--require-promise", "--json")
    assert done.code == 5
    (gate,) = json.loads(done.stdout)["gates"]
    assert gate == {
        "option": "--require-promise",
        "asked": True,
        "reached": False,
        "low": None,
        "high": None,
        "met": False,
    }
    assert _judge(judged, unpromised).code == 0


def test_gates_that_are_met_are_told_too(judged: Judged) -> None:
    bars = ("--max-loss", "0.5", "--min-quality", "0.2", "--max-cost", "0.5")
    done = _judge(judged, judged.index, *bars, "--require-promise")
    assert done.code == 0, done.stderr
    document = json.loads(_judge(judged, judged.index, "--json").stdout)
    router = document["strategies"][0]
    quality, cost, loss, promise = done.stdout.splitlines()[-4:]
    score, lost = (router[one] for one in ("score", "loss"))
    within = f"({score['low']:.4f} to {score['high']:.4f})"
    assert quality == f"min-quality 0.2: {score['value']:.4f} {within}, met"
    assert cost.startswith("max-cost $0.5: $0.0")
    assert cost.endswith(", met")
    within = f"({lost['low']:.4f} to {lost['high']:.4f})"
    assert loss == f"max-loss 0.5: {lost['value']:.4f} {within}, met"
    assert promise == "require-promise: the promise holds, met"


def test_a_gate_says_whether_the_queries_can_tell_it_from_the_bar() -> None:
    """Of 61 queries the small model answers, it loses 2: 0.033, and from 0 to about 0.08."""
    contents = tiny_contents()
    frozen = frozen_set([(1.0, 1.0, float(row > 1)) for row in range(61)], COSTS, models=MODELS)
    small = decision("small", (0.0, 0.1, 0.2), costs_usd=COSTS, models=MODELS)
    judged = judge_decisions(contents, frozen, [small] * 61, contents.calibration.vectors[[0] * 61])
    unsure = "which 61 queries cannot tell from the bar"
    near = gates(judged, Bars(0.95, COSTS[2], 0.02, require_promise=False))
    assert [(gate.met, unsure in gate.told) for gate in near] == [
        (True, True),
        (True, False),
        (False, True),
    ]
    assert near[2].told.startswith("max-loss 0.02: 0.0328 (0.0000 to 0.0")
    assert near[2].told.endswith(f"), {unsure}, NOT met")
    assert near[2].missed.endswith(f" lost, {unsure}: --max-loss allows 0.02")
    far = gates(judged, Bars(0.5, 1.0, 0.3, require_promise=False))
    assert not any("cannot tell" in gate.told for gate in far)
    sure = gates(judged, Bars(None, None, -0.1, require_promise=False))[0]
    assert sure.missed.endswith(" lost, --max-loss allows -0.1")


def test_a_loss_that_cannot_vary_is_told_from_a_bar_of_the_same() -> None:
    contents = tiny_contents()
    frozen = frozen_set([(1.0, 1.0, 1.0)] * 40, COSTS, models=MODELS)
    large = decision("large", (0.0, 0.1, 0.2), costs_usd=COSTS, models=MODELS)
    judged = judge_decisions(contents, frozen, [large] * 40, contents.calibration.vectors[[0] * 40])
    (gate,) = gates(judged, Bars(None, None, 0.0, require_promise=False))
    assert (gate.met, gate.told) == (True, "max-loss 0: 0.0000 (0.0000 to 0.0000), met")
