"""The command line: a command opens, calls and prints; errors become exit codes in one place."""

import errno
import logging
import os
import sys

import click

from semroute import __version__
from semroute.cli.building import build_index, demo
from semroute.cli.checking import inspect, verify
from semroute.cli.comparing import compare, use
from semroute.cli.evaluating import evaluate
from semroute.cli.labelling import labels
from semroute.cli.monitoring import drift
from semroute.cli.output import escape_unprintable
from semroute.cli.planning import evals
from semroute.cli.pruning import prune
from semroute.cli.routing import explain, route
from semroute.errors import SemrouteError

INTERRUPTED = 130


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="semroute")
@click.option("-v", "--verbose", is_flag=True, help="Say on stderr what was ignored and why.")
def semroute(verbose: bool) -> None:
    """Send each LLM request to the cheapest model your own evaluation data defends.

    \b
    Example: semroute demo
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    # Of our own messages only: other libraries tell at length how they load.
    logging.getLogger("semroute").setLevel(logging.INFO if verbose else logging.NOTSET)


for command in (
    *(build_index, route, explain, labels, evaluate, evals, drift),
    *(inspect, verify, compare, use, prune, demo),
):
    semroute.add_command(command)


def main() -> None:
    """Run and exit: expected failures print one line, bugs keep their traceback."""
    escape_unprintable()
    try:
        code = semroute.main(prog_name="semroute", standalone_mode=False)
    except SemrouteError as error:
        click.echo(f"semroute: {error}", err=True)
        code = error.exit_code
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except (click.Abort, KeyboardInterrupt) as stop:
        # Click raises its own, from the one that says what is left behind.
        left = str(stop) or str(stop.__cause__ or "")
        click.echo(f"semroute: interrupted; {left}" if left else "semroute: interrupted", err=True)
        code = INTERRUPTED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        click.echo(f"semroute: {error.filename or 'stdout'}: {error.strerror}; make room", err=True)
        # What is left of the output must not fail again when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = SemrouteError.exit_code
    sys.exit(code)
