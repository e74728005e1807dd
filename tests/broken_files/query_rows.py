"""Query logs in CSV and JSON Lines with something wrong in a row or the header."""

import json
from typing import Any

from tests.broken_files.case import CANARY, BrokenFile


def _csv(kind: str, text: str, match: str, line: int | None = None) -> BrokenFile:
    return BrokenFile(f"queries-csv-{kind}", "queries", "broken.csv", text.encode(), match, line)


def _jsonl(kind: str, text: str, match: str, line: int | None = None) -> BrokenFile:
    return BrokenFile(
        f"queries-jsonl-{kind}", "queries", "broken.jsonl", text.encode(), match, line
    )


def _messages(kind: str, messages: Any, match: str) -> BrokenFile:
    text = json.dumps({"query_id": "a", "messages": messages})
    return _jsonl(f"messages-{kind}", text, match, 1)


_ROW = f'{{"query_id": "a", "text": "{CANARY}"}}'


CSV = (
    _csv("empty", "", "is empty; write one row per record"),
    _csv("only-a-mark", "\ufeff", "the column 'query_id' is missing; name the columns first", 1),
    _csv("blank-lines", "\n\n\n", "the column 'query_id' is missing; name the columns first", 1),
    _csv("header-only", "query_id,text\n", "has no rows; write one row per record"),
    _csv("empty-rows-only", "query_id,text\n,\n,\n", "has no rows; write one row per record"),
    _csv(
        "misspelt-id",
        f"qurey_id,text\na,{CANARY}\n",
        "'query_id' is missing; the columns are 'qurey_id', 'text'; rename 'qurey_id' to query_id",
        1,
    ),
    _csv(
        "upper-case",
        f"Query_ID,Text\na,{CANARY}\n",
        "the columns are 'Query_ID', 'Text'; rename 'Query_ID' to query_id$",
        1,
    ),
    _csv(
        "spaces-in-the-header",
        f"Query ID,Prompt (first),Model\na,{CANARY},b\n",
        r"the columns are 'Query ID', 'Prompt \(first\)', 'Model'; rename 'Query ID' to query_id$",
        1,
    ),
    _csv(
        "no-header",
        f"{CANARY} zero,{CANARY} one\n{CANARY} two,{CANARY} three\n",
        "'query_id' is missing; name the columns first",
        1,
    ),
    _csv(
        "no-text",
        "query_id,txt\na,b\n",
        "the column 'text' or 'messages' is missing; .+; rename 'txt' to text$",
        1,
    ),
    _csv(
        "prompt-for-text",
        f"query_id,prompt\na,{CANARY}\n",
        "the column 'text' or 'messages' is missing; .+ 'prompt'; rename 'prompt' to text$",
        1,
    ),
    _csv(
        "twice-in-header", "query_id,text,text\na,b,c\n", "'text' is there twice; rename or rem", 1
    ),
    _csv(
        "semicolons-and-another-name",
        f"id;prompt\na;{CANARY}\n",
        "'query_id' is missing; the columns are 'id', 'prompt'; rename 'id' to query_id$",
        1,
    ),
    _csv(
        "too-many-cells-after-semicolons",
        f"query_id;text\na;{CANARY}; and more\n",
        "header has 2 columns and this row 3; put a cell that holds a semicolon in quotes",
        2,
    ),
    _csv("vertical-bars", f"query_id|text\na|{CANARY}\n", "'query_id' is missing; ", 1),
    _csv(
        "too-many-cells",
        f"query_id,text\na,b\nc,{CANARY}, and more\n",
        "header has 2 columns and this row 3; put a cell that holds a comma in quotes",
        3,
    ),
    _csv("too-few-cells", "query_id,text\na,b\nc\n", "2 columns and this row 1; put a cell", 3),
    _csv(
        "ragged-after-line-breaks",
        'query_id,text\na,"one\ntwo\nthree"\nb,c,d\n',
        "header has 2 columns and this row 3; put",
        5,
    ),
    _csv(
        "quote-never-closed",
        f'query_id,text\na,b\nc,"{CANARY}\nd,e\n',
        r"quotes of the row that starts here do not match \(unexpected end of data\); close every",
        3,
    ),
    _csv(
        "quote-closed-too-late",
        f'query_id,text\na,"{CANARY}\nb,"{CANARY}"\n',
        r"quotes of the row that starts here do not match .+ inside a quoted cell twice",
        2,
    ),
    _csv(
        "quote-inside-not-doubled",
        f'query_id,text\na,"say "{CANARY}" now"\n',
        "do not match .+ write a quote inside a quoted cell twice",
        2,
    ),
    _csv("id-empty", "query_id,text\na,b\n,c\n", "column query_id: is empty; fill it in", 3),
    _csv("id-blank", 'query_id,text\n"  ",c\n', "column query_id: is empty; fill it in", 2),
    _csv(
        "two-texts-of-one-id",
        f"query_id,text\na,{CANARY}\nb,x\na,{CANARY} too\n",
        "'a' has two different texts, on lines 2 and 4; ids must be unique",
        4,
    ),
    _csv(
        "text-and-messages",
        f'query_id,text,messages\na,{CANARY},"[]"\n',
        "has both text and messages; leave one of them empty",
        2,
    ),
    _csv(
        "messages-not-json",
        f'query_id,messages\na,"[{{""role"": {CANARY}}}]"\n',
        r"column messages: is not valid JSON at character 11 \(Expecting value\); correct it",
        2,
    ),
    _csv(
        "messages-text", f"query_id,messages\na,{CANARY}\n", "messages: is not valid JSON at .+;", 2
    ),
    _csv("messages-number", "query_id,messages\na,7\n", "a list of messages, not a number; wri", 2),
    _csv("no-messages", "query_id,messages\na,\n", "has neither text nor messages; fill one in", 2),
    _csv(
        "timestamp",
        "query_id,text,timestamp\na,b,31/01/2025\n",
        r"timestamp: must be ISO 8601, like .+ \(found '31/01/2025'\)",
        2,
    ),
    _csv(
        "text-in-the-timestamp-column",
        f"query_id,timestamp,text\na,{CANARY},2025-01-31\n",
        "timestamp: must be ISO 8601, like 2025-01-31T12:00:00Z, or empty$",
        2,
    ),
)


JSONL = (
    _jsonl("empty", "", "is empty; write one row per record"),
    _jsonl("blank-lines", " \n\n", "has no rows; write one row per record"),
    _jsonl(
        "cut-off",
        f"{_ROW}\n{_ROW[:-12]}",
        r"is not valid JSON at character \d+ \(Unterminated string .+\); write one whole",
        2,
    ),
    _jsonl(
        "single-quotes",
        "{'query_id': 'a'}",
        r"at character 2 \(Expecting property name .+\); write one whole JSON object on each line",
        1,
    ),
    _jsonl(
        "spread-over-lines", json.dumps(json.loads(_ROW), indent=1), "write one whole JSON ob", 1
    ),
    _jsonl("list-of-objects", f"[{_ROW}]", "must be one JSON object, not a list; write", 1),
    _jsonl("string", f'{_ROW}\n"{CANARY}"', "must be one JSON object, not a string; write", 2),
    _jsonl("null", "null", "must be one JSON object, not null; write", 1),
    _jsonl("two-on-a-line", f"{_ROW} {_ROW}", r"\(Extra data\); write one whole JSON object", 1),
    _jsonl(
        "key-twice",
        f'{{"query_id": "a", "text": "{CANARY}", "text": "x"}}',
        "the key 'text' is there twice; remove one of them",
        1,
    ),
    _jsonl("nan", f'{_ROW[:-1]}, "x": NaN}}', "NaN is not JSON; write null", 1),
    _jsonl("infinity", f'{_ROW[:-1]}, "x": -Infinity}}', "-Infinity is not JSON; write null", 1),
    _jsonl("nested-too-deeply", "[" * 100_000, "nested too deeply; flatten it", 1),
    _jsonl(
        "endless-number", f'{{"query_id": {"9" * 5_000}}}', "thousands of digits; write it as", 1
    ),
    _jsonl(
        "id-missing-on-one-line",
        f'{_ROW}\n{{"id": "b", "text": "{CANARY}"}}',
        "the column 'query_id' is missing; the columns are 'id', 'text'",
        2,
    ),
    _jsonl(
        "id-null", '{"query_id": null, "text": "x"}', "column query_id: is empty; fill it in", 1
    ),
    _jsonl(
        "id-fraction", '{"query_id": 1.5, "text": "x"}', "whole number, not a decimal number; ", 1
    ),
    _jsonl("id-true", '{"query_id": true, "text": "x"}', "number, not true or false; write it", 1),
    _jsonl("id-list", '{"query_id": ["a"], "text": "x"}', "number, not a list; write it in qu", 1),
    _jsonl("text-number", '{"query_id": "a", "text": 7}', "a string, not a number; write it in", 1),
    _jsonl(
        "text-null", '{"query_id": "a", "text": null}', "neither text nor messages; fill one", 1
    ),
    _jsonl(
        "same-id-as-number-and-string",
        f'{{"query_id": 7, "text": "x"}}\n{{"query_id": "7", "text": "{CANARY}"}}',
        "'7' has two different texts, on lines 1 and 2; ids must be unique",
        2,
    ),
    _jsonl("epoch", f'{_ROW[:-1]}, "timestamp": 1700000000}}', "must be ISO 8601, like", 1),
    _messages("object", {"role": "user"}, "a list of messages, not an object; write it as"),
    _messages("of-strings", [CANARY], "message 1 must be an object, not a string; write it as"),
    _messages(
        "without-role",
        [{"role": "user", "content": CANARY}, {"content": CANARY}],
        "message 2 has no role; write it as",
    ),
    _messages("content-number", [{"role": "user", "content": 7}], "neither a string nor a list.+;"),
)
