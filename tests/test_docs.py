"""The documentation against the program: commands, options, keys, defaults, links."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, get_args

import click
import pytest
from pydantic import BaseModel

import semroute as package
from semroute.artifact.contents import Manifest, ModelEvidence
from semroute.artifact.loading import Verification
from semroute.artifact.pruning import Pruned
from semroute.build import BuildSummary
from semroute.build.drift import Drift
from semroute.build.watch import StepTime
from semroute.certificate import Certificate
from semroute.certify import NextStep
from semroute.cli import semroute
from semroute.config import Config
from semroute.decision import Candidate, Neighbour, RouteDecision
from semroute.evals import KNOWN_COLUMNS as EVAL_COLUMNS
from semroute.evaluate import Evaluation
from semroute.evaluate.results import CurveFigures, OperatingPoint, StrategyResult
from semroute.monitoring import Figure, TrafficDrift
from semroute.planning import EvalPlan, Portion
from semroute.queries import KNOWN_COLUMNS as QUERY_COLUMNS
from semroute.router import Explanation, SemanticRouter
from tests.command_line import run

ROOT = Path(__file__).parent.parent
COMMANDS = (ROOT / "docs" / "commands.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
FILES = (ROOT / "docs" / "files.md").read_text()
JSON = (ROOT / "docs" / "json.md").read_text()
PYTHON = (ROOT / "docs" / "python.md").read_text()


def _commands(group: click.Command, name: str = "semroute") -> Iterator[tuple[str, click.Command]]:
    if isinstance(group, click.Group):
        for command in group.commands.values():
            yield from _commands(command, f"{name} {command.name}")
    else:
        yield name, group


ALL = list(_commands(semroute))


@pytest.mark.parametrize(("name", "command"), ALL, ids=[name for name, _ in ALL])
class TestEveryCommand:
    def test_is_documented_with_all_its_options(self, name: str, command: click.Command) -> None:
        section = re.search(rf"^## `{name}`\n(.*?)(?=^## |\Z)", COMMANDS, re.MULTILINE | re.DOTALL)
        assert section, f"{name} is not in docs/commands.md"
        for option in command.params:
            if isinstance(option, click.Option):
                for text in [*option.opts, *option.secondary_opts]:
                    assert f"`{text}`" in section[1], f"{name} {text} is not documented"

    def test_help_is_a_sentence_and_an_example(self, name: str, command: click.Command) -> None:
        assert command.help
        first, _, rest = command.help.partition("\n")
        assert first.endswith(".")
        assert f"Example: {name} " in rest or f"Example: {name}" == rest.split("\n")[-1].strip()

    def test_the_example_stands_on_a_line_of_its_own(
        self, name: str, command: click.Command
    ) -> None:
        shown = command.get_help(click.Context(command, info_name=name))
        assert "\\b" not in shown
        assert any(line.strip().startswith(f"Example: {name}") for line in shown.splitlines())

    def test_every_option_has_help(self, name: str, command: click.Command) -> None:
        assert all(o.help for o in command.params if isinstance(o, click.Option))


@pytest.mark.parametrize("group", ["", "labels", "evals"])
def test_no_summary_is_cut_short_in_the_list_of_commands(group: str) -> None:
    shown = run(*group.split(), "--help").stdout.partition("Commands:")[2]
    assert shown.strip()
    assert "..." not in shown


def _tables() -> Iterator[type[BaseModel]]:
    """Every model a table of the config can hold, the config itself included."""
    waiting: list[Any] = [Config]
    while waiting:
        found = waiting.pop()
        if isinstance(found, type) and issubclass(found, BaseModel):
            yield found
            waiting += [field.annotation for field in found.model_fields.values()]
        else:
            waiting += get_args(found)


KEYS = [
    pytest.param(table, key, id=f"{table.__name__}.{key}")
    for table in _tables()
    for key in table.model_fields
]


@pytest.mark.parametrize(("table", "key"), KEYS)
def test_every_key_of_the_config_is_documented_with_its_default(
    table: type[BaseModel], key: str
) -> None:
    default = table.model_fields[key].get_default()
    if isinstance(default, BaseModel) or (table is Config and key != "frontier"):
        assert f"[{key}]" in CONFIGURATION
        return
    rows = re.findall(rf"^\|[^|]*\| `{key}` \|([^|]*)\|", CONFIGURATION, re.MULTILINE)
    assert rows, f"{key} is not in docs/configuration.md"
    if isinstance(default, int | float):
        assert any(str(default).removesuffix(".0") in row for row in rows), f"{key}: {default}"


def test_the_config_in_the_documentation_can_be_read() -> None:
    example = re.search(r"```toml\n(.*?)```", CONFIGURATION, re.DOTALL)
    assert example
    assert Config.model_validate(tomllib.loads(example[1])).frontier == "large"


PRINTED = [
    *(Explanation, ModelEvidence, Certificate, BuildSummary, NextStep, Drift, StepTime),
    *(Evaluation, StrategyResult, CurveFigures, OperatingPoint, TrafficDrift, Figure),
    *(EvalPlan, Portion, Manifest, Verification, Pruned),
]


def _names(record: type[Any]) -> list[str]:
    if is_dataclass(record):
        return [field.name for field in fields(record)]
    return list(record.model_fields)


@pytest.mark.parametrize("record", PRINTED, ids=lambda record: record.__name__)
def test_every_key_of_json_output_is_documented(record: type[Any]) -> None:
    missing = [name for name in _names(record) if f"`{name}`" not in JSON]
    assert not missing, f"not in docs/json.md: {missing}"


@pytest.mark.parametrize("record", [RouteDecision, Candidate, Neighbour])
def test_every_field_of_a_decision_is_documented(record: type[Any]) -> None:
    missing = [name for name in _names(record) if f"`{name}`" not in PYTHON]
    assert not missing, f"not in docs/python.md: {missing}"


def test_every_public_name_is_documented() -> None:
    members = [name for name in vars(SemanticRouter) if not name.startswith("_")]
    for name in (*package.__all__, *members):
        assert re.search(rf"\b{name}\b", PYTHON), f"{name} is not in docs/python.md"


@pytest.mark.parametrize("column", [*QUERY_COLUMNS, *EVAL_COLUMNS])
def test_every_column_of_the_input_files_is_documented(column: str) -> None:
    assert f"`{column}`" in FILES, f"{column} is not in docs/files.md"


PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "clusters").glob("*.md")]


def _anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_anchors_of_links_are_headings_that_are_there(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", page.read_text()):
        if "://" not in target:
            led_to = page.parent / target if target else page
            assert anchor in _anchors(led_to), f"{page.name} links to {target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name} links to {target}"
