"""What many requests of a log share is told apart from what each of them asks."""

import random
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.templates import (
    EXTRACT_CHARS,
    FEWEST_CHARS,
    FEWEST_TEXTS,
    SEARCHED_CHARS,
    Templates,
    learn_templates,
    no_templates,
)

RULES = (
    "You are the assistant of a large company. Never invent facts: say so if you do not know. "
    "Answer in one sentence, and keep a friendly tone in all of it.\n"
)
TASKS = (
    "Sort the request into one of our departments, and answer with the name alone.\n",
    "Translate the request into French, and keep to the words of our glossary.\n",
)
ASKED = [f"Where is parcel number {number}?" for number in range(40)]


def _learned(*parts: str) -> Templates:
    """The templates of a log that puts each input between two parts."""
    before, after = parts
    return learn_templates([f"{before}{asked}{after}" for asked in ASKED], "key")


@pytest.mark.parametrize(
    ("before", "after"), [(RULES, ""), ("", f"\n{RULES}"), (RULES, f"\n{TASKS[0]}{TASKS[1]}")]
)
def test_an_input_is_told_apart_from_what_stands_before_and_after_it(
    before: str, after: str
) -> None:
    templates = _learned(before, after)
    for asked in (*ASKED, "Something nobody has asked before", "Two\n\nparagraphs. And more!"):
        # All of the log is in it, so that it tells nothing.
        assert templates.split(f"{before}{asked}{after}") == (asked, "")


def test_short_lines_belong_to_the_template_if_they_are_next_to_it() -> None:
    schema = '{\n"name": string,\n"type": string,\n"urgent": boolean,\n"department": one of ours\n}'
    before = (
        f"Fill in this form in valid JSON, and write nothing else at all:\n{schema}\nRequest:\n"
    )
    assert _learned(before, "").split(f"{before}A lamp is broken")[0] == "A lamp is broken"


def test_what_varies_inside_a_template_stays_with_the_input() -> None:
    logs = [f"{RULES}Today is day {k}.\n{TASKS[0]}{TASKS[1]}{ASKED[k]}" for k in range(40)]
    templates = learn_templates(logs, "key")
    found, _ = templates.split(f"{RULES}Today is day 77.\n{TASKS[0]}{TASKS[1]}Hello")
    assert found == "Today is day 77.\nHello"


def test_the_extract_says_which_application_asks() -> None:
    """What both have in common tells nothing; each task is that of less than half of the log."""
    filler = "".join(f"Rule {k}: never promise what is not in section {k}.\n" for k in range(30))
    logs = [f"{RULES}{filler}{TASKS[k % 2]}{asked}" for k, asked in enumerate(ASKED)]
    logs += [f"{text} Urgently!" for text in logs] + ["Something without any template"]
    templates = learn_templates(logs, "key")
    for task in TASKS:
        asked, extract = templates.split(f"{RULES}{filler}{task}Hello there")
        assert (asked, extract) == ("Hello there", task.strip())


def test_two_applications_that_ask_alike_often_differ_in_their_extracts() -> None:
    logs = [f"{RULES}{TASKS[k % 2]}{asked}" for k, asked in enumerate(ASKED)]
    templates = learn_templates(logs, "key")
    for task in TASKS:
        assert templates.split(f"{RULES}{task}Hello there") == ("Hello there", task.strip())


def test_rare_passages_of_a_template_come_first_in_its_extract() -> None:
    """Of three applications the one that asks least says most about itself."""
    shared = f"{TASKS[0]}{TASKS[1]}"
    logs = [f"{shared}Mind rule {k % 5} of the handbook.\n{k} of something" for k in range(120)]
    logs += [f"Request {k} without a template" for k in range(180)]
    asked, extract = learn_templates(logs, "key").split(f"{shared}Mind rule 3 of the handbook.\nHi")
    assert asked == "Hi"
    assert extract is not None
    assert extract.startswith(f"Mind rule 3 of the handbook. {TASKS[0]}"[:60])
    assert len(extract) <= EXTRACT_CHARS


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Where is my order?",
        "A long question of its own. " * 20,
        RULES,
        f"{RULES}\n?!",
        f"Before. {TASKS[0]}",
    ],
)
def test_what_holds_no_template_or_nothing_else_comes_back_whole(text: str) -> None:
    assert _learned(RULES, "").split(text) == (text, None)
    assert no_templates().split(text) == (text, None)


def test_too_few_or_equal_texts_make_no_template() -> None:
    fewer = [f"{RULES}{asked}" for asked in ASKED[: FEWEST_TEXTS - 1]]
    assert len(learn_templates(fewer, "key").passages) == 0
    assert len(learn_templates(fewer * 3, "key").passages) == 0
    # The first three passages have 100 characters, and so have the last three.
    assert len(learn_templates([*fewer, f"{RULES}one more"], "key").passages) == 2


def test_a_template_of_a_small_share_of_a_large_log_is_none() -> None:
    others = [f"{number} is the number of this request" for number in range(5_000)]
    logs = [f"{RULES}{asked}" for asked in ASKED[:24]]
    assert len(learn_templates([*others[:4_700], *logs], "key").passages) == 2
    assert len(learn_templates([*others, *logs], "key").passages) == 0


def test_common_sentences_on_their_own_are_no_template() -> None:
    greetings = [f"Hello, how are you today? {asked} Thank you very much." for asked in ASKED]
    assert len(learn_templates(greetings, "key").passages) == 0


def test_the_same_log_in_another_order_gives_the_same_templates() -> None:
    logs = [f"{RULES}{TASKS[k % 2]}{asked}" for k, asked in enumerate(ASKED)]
    shuffled = random.Random(0).sample(logs, len(logs))
    first, second = (learn_templates(one, "key").passages for one in (logs, shuffled))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, learn_templates(logs, "other").passages)


def test_a_template_far_longer_than_what_is_cleaned_hides_no_input() -> None:
    manual = "".join(f"Section {k} of the manual is about device {k}.\n" for k in range(500))
    assert 8_000 < len(manual) < SEARCHED_CHARS
    templates = _learned(manual, "")
    assert templates.split(f"{manual}How do I reset it?")[0] == "How do I reset it?"
    long = "word " * 20_000
    assert templates.split(f"{manual}{long}\nEnd")[0] == f"{long}\nEnd"


CUSTOMERS = ("Bright Foods", "Mistral Freight", "Halden Optics", "Nile Textiles", "Kobayashi Steel")


@pytest.mark.parametrize(
    "customer", ["Today is day {day}.", "You help {name}. Today is day {day}."]
)
def test_a_popular_question_is_asked_though_many_texts_hold_it(customer: str) -> None:
    """Dates and names make different texts of it; without them it would be one."""
    popular = (
        "Where is my order?",
        "How do I reset my password? It is lost.",
        "Cancel it, please.",
    )
    logs = []
    for k in range(400):
        own = customer.format(name=CUSTOMERS[k % 5], day=k % 28)
        asked = popular[k // 5 % 3] if k % 5 < 2 else f"Where is parcel number {k}?"
        logs.append(f"{own}\n{RULES}{RULES}Question:\n{asked}\nAnswer:")
    templates = learn_templates(logs, "key")
    for asked in popular:
        own = customer.format(name=CUSTOMERS[0], day=3)
        found, extract = templates.split(f"{own}\n{RULES}{RULES}Question:\n{asked}\nAnswer:")
        assert asked in found
        assert "Never invent" not in found
        assert asked not in extract


def test_numbers_of_lists_do_not_make_the_rest_of_a_template_rare() -> None:
    """They are far more common than what stands behind them; the second version is a third."""
    rules = "".join(f"{k}. Never promise what is not in section {k}.\n" for k in range(1, 7))
    first, second = (f"{rules}Answer {how}.\nRequest:\n" for how in ("in full", "like a friend"))
    logs = [f"{first if k % 3 else second}Where is parcel {k}?" for k in range(120)]
    logs += [f"{RULES}{rules.replace('Never', 'Do not')}\nWhere is {k}?" for k in range(400)]
    templates = learn_templates(logs, "key")
    for before in (first, second):
        assert templates.split(f"{before}Hello there")[0] == "Hello there"


def test_rare_parts_of_a_template_belong_to_it_if_they_are_long() -> None:
    tasks = [
        f"Task {k}: " + "".join(f"do thing {k} of {n}.\n" for n in range(20)) for k in range(6)
    ]
    logs = [f"{RULES}{task}{asked}" for task in tasks for asked in ASKED]
    found, extract = learn_templates(logs, "key").split(f"{RULES}{tasks[2]}Hello there")
    assert found == "Hello there"
    assert "thing 2" in extract


@pytest.mark.parametrize(
    ("before", "after", "alone"),
    [
        ("<request>\n", "\n</request>", "</request>"),
        ("Task: sort it.\n---\n", "\n---", f"{RULES}Task: sort it.\n---\n\n---"),
        ("", "\nAnswer:", "Answer:"),
    ],
)
def test_short_ends_of_a_template_belong_to_it(before: str, after: str, alone: str) -> None:
    templates = _learned(f"{RULES}{before}", after)
    assert templates.split(f"{RULES}{before}Where is it?{after}")[0] == "Where is it?"
    first = _learned(before, f"{after}\n{RULES}")
    assert first.split(f"{before}Where is it?{after}\n{RULES}")[0] == "Where is it?"
    # Of a request that says no more than such an end, the end is what it asks.
    assert templates.split(f"{RULES}{before}{after}")[0] == alone


def test_an_extract_ends_with_a_word() -> None:
    _, extract = _learned(RULES, "\n" + "wonderful " * 30).split(f"{RULES}Hello there")
    assert set(extract.split()) <= set(f"{RULES} wonderful".split())


FIELDS = {
    "Employed": ("yes", "no"),
    "Married": ("yes", "no"),
    "Children": ("none", "one", "two", "three or more"),
    "Credit history": ("good", "bad", "unknown"),
    "Purpose of the loan": ("car", "house", "education", "business"),
    "Region": ("north", "south", "east", "west"),
    "Housing": ("own", "rent", "free"),
}


def _form(chance: random.Random) -> str:
    lines = [f"{name}: {chance.choice(values)}\n" for name, values in FIELDS.items()]
    return f"Applicant: {chance.randrange(100)}\n{''.join(lines)}"


def test_what_a_form_says_is_asked_though_each_of_its_lines_is_common() -> None:
    chance = random.Random(0)
    forms = [_form(chance) for _ in range(1_000)]
    templates = learn_templates([f"{RULES}{form}Decision:" for form in forms], "key")
    for form in forms[:100]:
        asked, extract = templates.split(f"{RULES}{form}Decision:")
        assert extract is not None
        assert asked.startswith(form.removeprefix("Applicant: ").rstrip())


def test_rows_of_numbers_and_moves_are_no_template() -> None:
    chance = random.Random(0)
    columns = ["\n".join(str(chance.randrange(30)) for _ in range(80)) for _ in range(1_000)]
    moves = [
        " ".join(f"{turn}. {chance.choice(('e4', 'd4', 'Nf3', 'O-O'))}" for turn in range(1, 30))
        for _ in range(1_000)
    ]
    for log in (columns, moves):
        asked = [f"{text} That was number {number}." for number, text in enumerate(log)]
        assert len(learn_templates(asked, "key").passages) == 0


WORDS = ("alfa", "bravo", "charlie", "delta", "echo", "foxtrot", "golf", "hotel")
SENTENCES = [f"{word} {word} {word} is a {word}." for word in WORDS]


@given(st.integers(0, 2**32 - 1), st.integers(2, len(WORDS)))
def test_of_a_text_only_what_others_hold_in_the_same_order_is_set_aside(
    seed: int, length: int
) -> None:
    """Every sentence is common. The oracle goes through all rows of all texts."""
    chance = random.Random(seed)
    kinds = [chance.sample(SENTENCES, length) for _ in range(4)]
    rows = [[*chance.choice(kinds), f"This is {number}."] for number in range(100)]
    rows += [[*chance.sample(SENTENCES, length), f"This is {number}."] for number in range(20)]
    templates = learn_templates([" ".join(row) for row in rows], "key")
    for row in chance.sample(rows, 10):
        asked, _ = templates.split(" ".join(row))
        assert row[-1] in asked
        for place, sentence in enumerate(row):
            assert sentence in asked or _is_shared(row, place, rows)


def _is_shared(row: list[str], place: int, texts: list[list[str]]) -> bool:
    """Say whether some row of 100 characters that holds the place, or an end, is in 20 texts."""
    spans = [
        (start, end)
        for start in range(place + 1)
        for end in range(place + 1, len(row) + 1)
        if sum(map(len, row[start:end])) >= FEWEST_CHARS or start == 0 or end == len(row)
    ]
    return any(_n_holding(row[start:end], texts) >= FEWEST_TEXTS for start, end in spans)


def _n_holding(part: list[str], texts: list[list[str]]) -> int:
    n = len(part)
    return sum(any(text[at : at + n] == part for at in range(len(text) - n + 1)) for text in texts)


def test_code_keeps_its_lines_and_their_indentation() -> None:
    code = (
        "def double(x):\n    # twice as much: x; not more\n    return 2 * x\n\n\nprint(double(2))"
    )
    assert _learned(RULES, "").split(f"{RULES}{code}")[0] == code


SHARED = st.sampled_from([RULES, *TASKS, "\n", " ", "Hello. ", "。", "\ud800", "A: 1;\t"])


@given(st.lists(st.lists(SHARED | st.text(max_size=40), max_size=8).map("".join), max_size=60))
def test_no_word_of_a_request_is_lost_but_those_of_its_template(texts: list[str]) -> None:
    logs = [*texts, *(f"{RULES}{TASKS[1]}{asked}" for asked in ASKED)]
    templates = learn_templates(logs, "key")
    known = " ".join(logs).split()
    for text in texts:
        asked, extract = templates.split(text)
        words = (extract or "").split()
        assert set(words[:-1]) <= set(known)
        assert asked == text if extract is None else 0 < len(asked) < len(text)
        left = iter(text)
        assert all(character in left for character in asked), "out of order, or not of the text"


@pytest.mark.parametrize("text", [" " * 10**6, ". " * 500_000, "\n" * 10**6, ".\t " * 330_000])
def test_no_text_takes_long(text: str) -> None:
    templates = _learned(RULES, "")
    started = time.perf_counter()
    templates.split(f"{RULES}{text}a")
    # A tenth of a second alone on a fast processor; minutes if it went by the square of the length.
    assert time.perf_counter() - started < 5
