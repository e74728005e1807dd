"""What a build says of itself where scores are missing or labels were carried over."""

from dataclasses import replace
from pathlib import Path

import pytest

from semroute.artifact.loading import load_index
from semroute.build.summary import Unmeasured
from semroute.cli.build_summary import print_summary
from semroute.relabel import apply_labels, export_labels
from tests.build.small import SmallFiles, build_small, rows_of, write_small_files


@pytest.fixture
def files(tmp_path: Path) -> SmallFiles:
    return write_small_files(tmp_path)


def _keep(files: SmallFiles, small_share: float) -> None:
    """Leave the scores of the small model on some queries only."""
    header, *lines = files.evals.read_text().splitlines()
    some = [
        line
        for line in lines
        if ",large," in line or int(line[1:6]) * 7919 % 1000 < 1000 * small_share
    ]
    files.evals.write_text("\n".join([header, *some]) + "\n")


def _worsen(files: SmallFiles) -> None:
    """Let the small model lose 0.3 on every fourth query, those of topic 1."""
    lines = files.evals.read_text().splitlines()
    worse = [
        line.replace("small,1.0", "small,0.7")
        if line[1:6].isdigit() and int(line[1:6]) % 4 == 1
        else line
        for line in lines
    ]
    files.evals.write_text("\n".join(worse) + "\n")


def test_where_scores_are_missing_it_says_how_many_pairs_there_are(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _keep(files, 0.1)
    summary = build_small(files, tmp_path / "i")
    assert summary.certificate.tolerance is None
    n_held_out = summary.counts.n_calibration
    assert 0 < summary.n_paired < 0.2 * n_held_out
    print_summary(summary)
    shown = capsys.readouterr().out
    told = f"{summary.n_paired:,} of {n_held_out:,} held-out queries are scored with large and"
    assert told in shown
    assert "no cheaper model comes close" not in shown


def test_where_all_scores_are_known_nothing_is_said_of_holes(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = build_small(files, tmp_path / "i")
    assert summary.n_paired == summary.counts.n_calibration
    print_summary(summary)
    assert "holes" not in capsys.readouterr().out


def test_it_says_where_the_certificate_stops_and_what_the_next_step_would_save(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _worsen(files)
    summary = build_small(files, tmp_path / "i")
    step = summary.next_step
    assert step is not None
    assert summary.certificate.tolerance is not None
    assert step.tolerance > summary.certificate.tolerance
    assert step.mean_loss == pytest.approx(0.075, abs=0.02)
    assert step.saving > summary.saving
    print_summary(summary)
    told = f"it lost {step.mean_loss:.4f} of the 0.05 allowed on the held-out queries, "
    assert f"{told}and that is too much" in capsys.readouterr().out
    less = replace(summary, next_step=replace(step, mean_loss=0.03))
    print_summary(less)
    assert (
        "which are too few to show that others would lose no more than allowed"
        in capsys.readouterr().out
    )
    lacking = replace(summary, next_step=replace(step, n_worst_case=7))
    print_summary(lacking)
    assert "7 that lack scores counted as failures: fewer than 0.5" in capsys.readouterr().out


def test_what_another_max_loss_would_save_is_what_a_build_with_it_certifies(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _worsen(files)
    summary = build_small(files, tmp_path / "i")
    assert [one.max_loss for one in summary.other_savings] == [0.025, 0.1, 0.2]
    config = files.config.read_text()
    savings = []
    for one in summary.other_savings:
        files.config.write_text(config.replace("max_loss = 0.05", f"max_loss = {one.max_loss}"))
        other = build_small(files, tmp_path / f"{one.max_loss}").certificate
        assert one.saving == pytest.approx(other.saving)
        savings.append(one.saving)
    assert savings == sorted(savings)
    assert savings[0] < savings[-1]
    print_summary(summary)
    assert f"certified to be saved: {savings[0]:.1%} at 0.025," in capsys.readouterr().out


def test_measured_costs_in_another_unit_than_the_prices_are_told_of(
    files: SmallFiles, tmp_path: Path
) -> None:
    assert not any("measured costs" in one for one in build_small(files, tmp_path / "i").warnings)
    files.evals.write_text(files.evals.read_text().replace(",0.02\n", ",20\n"))
    warnings = build_small(files, tmp_path / "i").warnings
    assert (
        "the measured costs of large are 1,000 times what the prices of the config say; give "
        "both in US dollars, cost_usd for one request"
    ) in warnings
    files.evals.write_text(files.evals.read_text().replace(",20\n", ",0.0002\n"))
    assert "of large are 1/100 of what" in " ".join(build_small(files, tmp_path / "i").warnings)


@pytest.mark.parametrize(("price", "is_told"), [("0.02", True), ("0.03", True), ("0.019", False)])
def test_where_the_frontier_is_the_cheapest_it_is_said_that_nothing_can_be_saved(
    files: SmallFiles, tmp_path: Path, price: str, is_told: bool
) -> None:
    config = files.config.read_text()
    files.config.write_text(config.replace("usd_per_request = 0.001", f"usd_per_request = {price}"))
    warnings = build_small(files, tmp_path / "i").warnings
    start = "no model of the config costs less than the frontier model 'large', so nothing can be"
    assert any(one.startswith(start) for one in warnings) == is_told


def test_a_config_of_one_model_is_not_told_to_score_others(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, _, after = files.config.read_text().partition('[[models]]\nname = "small"')
    files.config.write_text(before + after[after.index("[quality]") :])
    print_summary(build_small(files, tmp_path / "i"))
    shown = capsys.readouterr().out
    assert "so large answers; there is no other model to choose." in shown
    assert "holes" not in shown


def test_a_cluster_an_analyst_labelled_does_not_stay_for_want_of_evidence(
    files: SmallFiles, tmp_path: Path
) -> None:
    folder = tmp_path / "i"
    before = build_small(files, folder)
    assert before.n_insufficient_evidence == 1
    sheet = export_labels(folder)
    lines = sheet.read_text(encoding="utf-8-sig").splitlines()
    row = next(line for line in lines if "insufficient_evidence" in line)
    key, name, _, note, *others = row.split(",")
    lines[lines.index(row)] = ",".join([key, name, '"large"', note, *others])
    sheet.write_text("\n".join(lines), encoding="utf-8")
    apply_labels(folder, sheet)
    after = build_small(files, folder)
    assert after.n_reattached == 1
    assert after.n_insufficient_evidence == 0


def test_topics_without_scores_are_named_with_their_share(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as those of an application that is new in the log; an analyst's label settles them."""
    assert build_small(files, tmp_path / "all").unmeasured == Unmeasured((), 0)
    number = {row["query_id"]: k for k, row in enumerate(rows_of(files))}
    heading, *evals = files.evals.read_text().splitlines()
    kept = [row for row in evals if number[row.partition(",")[0]] % 4 != 2]
    files.evals.write_text("\n".join([heading, *kept]) + "\n")
    summary = build_small(files, tmp_path / "i")
    (name,) = summary.unmeasured.names
    assert "topic2" in name
    assert summary.unmeasured.share == pytest.approx(0.25)
    print_summary(summary)
    told = "unscored    1 cluster with 25.0% of the log has hardly any scores of a cheaper model: "
    assert f'{told}"{name}" (semroute evals plan)' in capsys.readouterr().out
    sheet = tmp_path / "labels.csv"
    cluster = next(c for c in load_index(tmp_path / "i").clusters if c.name == name)
    sheet.write_text(f"cluster_key,label\n{cluster.cluster_key},large\n")
    apply_labels(tmp_path / "i", sheet)
    assert build_small(files, tmp_path / "i").unmeasured == Unmeasured((), 0)


def test_a_rebuild_of_another_log_keeps_the_frontier_up_and_warns_of_other_labels(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, sheet = tmp_path / "i", tmp_path / "labels.csv"
    build_small(files, folder)
    keys = [cluster.cluster_key for cluster in load_index(folder).clusters]
    labels = ["small"] + ["large"] * (len(keys) - 1)
    rows = "".join(f"{key},{label}\n" for key, label in zip(keys, labels, strict=True))
    sheet.write_text(f"cluster_key,label\n{rows}")
    apply_labels(folder, sheet, allow_no_promise=True)
    (told,) = build_small(files, folder).warnings
    assert "'small' is expected to lose" in told
    others = write_small_files(folder, n_queries=700, seed=5)
    after = build_small(others, folder)
    overrides = {c.cluster_key: c.override for c in load_index(folder).clusters if c.override}
    assert not overrides.keys() & set(keys)
    assert overrides == {kept.cluster_key: "large" for kept in after.kept_up}
    assert len(after.kept_up) > 1
    assert [one.label for one in after.suggestions] == ["small"]
    assert after.warnings[0].startswith("1 analyst's label is no longer in force")
    print_summary(after)
    shown = capsys.readouterr().out
    assert "stays with the frontier model by the label of" in shown
    assert f"{len(after.kept_up)} stay with the frontier model, not carried over: 1 label" in shown


def test_a_label_whose_model_left_the_config_is_told_to_be_lost_by_that(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, sheet = tmp_path / "i", tmp_path / "labels.csv"
    build_small(files, folder)
    cluster = load_index(folder).clusters[0]
    sheet.write_text(f"cluster_key,label\n{cluster.cluster_key},small\n")
    apply_labels(folder, sheet, allow_no_promise=True)
    config = files.config.read_text()
    files.config.write_text(config.replace('name = "small"', 'name = "small-2"'))
    after = build_small(files, folder)
    assert "no longer in force, as the config has no model 'small': give" in after.warnings[0]
    assert not any("have changed: enter them again" in told for told in after.warnings)
    print_summary(after)
    told = f"label small of {cluster.cluster_key} ({cluster.name}) was not carried over, as that"
    assert told in capsys.readouterr().out


def test_a_rebuild_tells_what_changed_since_the_version_before(
    files: SmallFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "i"
    first = build_small(files, folder)
    assert first.before is None
    clusters = load_index(folder).clusters
    hard = next(one for one in clusters if one.label == "large")
    # What the small model failed on it now does well, and the other way round.
    lines = files.evals.read_text().splitlines()
    swapped = {"1.0": "0.0", "0.0": "1.0"}
    turned = [
        line.replace(f",{score},", f",{swapped[score]},") if ",small," in line else line
        for line in lines
        for score in [line.split(",")[2]]
    ]
    files.evals.write_text("\n".join(turned) + "\n")
    second = build_small(files, folder)
    print_summary(second)
    shown = capsys.readouterr().out
    assert "of the same 4 have another model" in shown
    assert f"{hard.cluster_key} ({hard.name}): small instead of large, 25.0% of the log" in shown
    before = second.before
    assert before is not None
    assert (before.index_version, before.saving) == (first.index_version, first.saving)
    assert (before.n_kept, before.n_new, before.n_gone) == (4, 0, 0)
    assert {one.cluster_key: (one.label_before, one.label) for one in before.relabelled} == {
        one.cluster_key: ("large", "small") if one == hard else ("small", "large")
        for one in clusters
    }
    shares = [one.share for one in before.relabelled]
    assert shares == sorted(shares, reverse=True)
    other = build_small(write_small_files(folder, n_queries=700, seed=5), folder)
    assert other.before is not None
    assert (other.before.n_kept, other.before.n_rekeyed) == (0, 4)
    assert (other.before.n_new, other.before.n_gone) == (0, 0)
    print_summary(other)
    assert "4 clusters are the same (4 under another key), 0 new, 0 gone" in capsys.readouterr().out
