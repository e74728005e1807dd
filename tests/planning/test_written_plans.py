"""What is not written over: scores that were filled in were paid for."""

from pathlib import Path

import pytest

from semroute.errors import PublishError
from semroute.planning import refuse_filled_plan
from tests.command_line import run

HEADING = "query_id,model,score,purpose,cluster_key\n"
EMPTY_PLAN = f"{HEADING}q1,small,,label,c\n"
FILLED = EMPTY_PLAN.replace(",,", ",0.5,")


@pytest.mark.parametrize("content", [None, "", HEADING, EMPTY_PLAN, f"\ufeff{EMPTY_PLAN}"])
def test_a_plan_without_scores_is_written_anew(tmp_path: Path, content: str | None) -> None:
    plan = tmp_path / "plan.csv"
    if content is not None:
        plan.write_text(content)
    refuse_filled_plan(plan)
    refuse_filled_plan(None)


SAVED_AS = {
    "plain": FILLED.encode(),
    "semicolons": FILLED.replace(",", ";").replace("0.5", "0,5").encode(),
    "tabs and a mark": f"\ufeff{FILLED}".replace(",", "\t").encode(),
    "UTF-16": FILLED.encode("utf-16"),
    "score first": b"\xef\xbb\xbfscore,query_id,model,purpose,cluster_key\n0.5,q1,small,label,c\n",
    "a number": FILLED.replace("0.5", "0").encode(),
}


@pytest.mark.parametrize("name", SAVED_AS)
def test_a_plan_with_scores_filled_in_is_not_written_over(tmp_path: Path, name: str) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_bytes(SAVED_AS[name])
    with pytest.raises(
        PublishError, match=r"plan\.csv: .*it holds scores; write the plan to another"
    ):
        refuse_filled_plan(plan)


@pytest.mark.parametrize(
    "content", [f'{EMPTY_PLAN}q2,"small', "name,note\na,b\n", f"{FILLED},,,,,0\n"]
)
def test_what_cannot_be_read_as_a_plan_is_not_written_over(tmp_path: Path, content: str) -> None:
    plan = tmp_path / "plan.csv"
    plan.write_text(content)
    with pytest.raises(PublishError, match="no plan of scores to buy; write the plan to another"):
        refuse_filled_plan(plan)


def test_a_plan_that_evals_could_not_read_is_not_begun(tmp_path: Path) -> None:
    (tmp_path / "q.jsonl").write_text('{"query_id": "a", "text": "one"}\n')
    plan = tmp_path / "plan.jsonl"
    done = run("evals", "plan", "--queries", tmp_path / "q.jsonl", "--budget", 5, "-o", plan)
    assert done.code == 2
    assert "a plan is a CSV file; let its name end in .csv" in done.stderr
    assert not plan.exists()
