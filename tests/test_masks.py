"""Masks, over seeded canaries of every class and over texts that hold no secret."""

import base64
import json
import random
import string
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from semroute.masks import mask, without_masks

SHARED_DATA = Path(__file__).parent.parent.parent / "shared" / "data"
N_CANARIES = 500

AROUND = (
    "{}",
    "my secret is {}",
    "use {} please",
    "is {}, by any chance, still valid?",
    "({})",
    '"{}"',
    "key={}",
    "value: {}.",
    "first line\n{}\nlast line",
    "这是{}吗",
    "<b>{}</b>",
)


def _letters(generator: random.Random, alphabet: str, n: int) -> str:
    return "".join(generator.choice(alphabet) for _ in range(n))


ALPHANUMERIC = string.ascii_letters + string.digits
HEX = "0123456789abcdef"


def _api_key(generator: random.Random) -> str:
    prefix, alphabet, n = generator.choice(
        [
            ("sk-", ALPHANUMERIC, 48),
            ("sk-proj-", ALPHANUMERIC + "_-", 64),
            ("sk-ant-api03-", ALPHANUMERIC + "_-", 93),
            ("sk_live_", ALPHANUMERIC, 24),
            ("rk_test_", ALPHANUMERIC, 24),
            ("ghp_", ALPHANUMERIC, 36),
            ("gho_", ALPHANUMERIC, 36),
            ("github_pat_", ALPHANUMERIC + "_", 82),
            ("glpat-", ALPHANUMERIC, 20),
            ("hf_", ALPHANUMERIC, 34),
            ("npm_", ALPHANUMERIC, 36),
            ("xoxb-", string.digits + "-", 40),
            ("AKIA", string.ascii_uppercase + string.digits, 16),
            ("AIza", ALPHANUMERIC + "_", 35),
            ("SG.", ALPHANUMERIC, 22),
            ("AC", HEX, 32),
            ("gsk_", ALPHANUMERIC, 52),
            ("pypi-", ALPHANUMERIC + "_", 120),
        ]
    )
    secret = prefix + _letters(generator, alphabet, n - 1) + "x"
    if prefix == "AKIA":
        return secret[:-1] + "X"
    if prefix == "AC":
        return secret[:-1] + "a"
    if prefix == "SG.":
        return f"{secret}.{_letters(generator, ALPHANUMERIC, 43)}"
    return secret


def _email(generator: random.Random) -> str:
    name = _letters(generator, string.ascii_lowercase, generator.randint(1, 12))
    name += generator.choice(["", ".smith", "_42", "+news", "-x", "é"])
    host = _letters(generator, string.ascii_lowercase, generator.randint(2, 10))
    return f"{name}@{generator.choice(['', 'mail.', 'a-b.'])}{host}.{generator.choice(TOP)}"


TOP = ["com", "org", "de", "co.uk", "io", "museum"]


def _card(generator: random.Random) -> str:
    prefix, n = generator.choice([("4", 16), ("51", 16), ("37", 15), ("6011", 16), ("36", 14)])
    body = prefix + _letters(generator, string.digits, n - len(prefix) - 1)
    check = next(d for d in string.digits if _sum_of_card(body + d) % 10 == 0)
    gap = generator.choice(["", " ", "-"])
    number = body + check
    return gap.join(number[i : i + 4] for i in range(0, n, 4))


def _sum_of_card(number: str) -> int:
    doubled = {str(d): 2 * d if d < 5 else 2 * d - 9 for d in range(10)}
    return sum(doubled[d] if i % 2 else int(d) for i, d in enumerate(reversed(number)))


def _iban(generator: random.Random) -> str:
    country, n = generator.choice([("DE", 18), ("GB", 18), ("FR", 23), ("NL", 14), ("NO", 11)])
    letters = {"GB": 4, "NL": 4}.get(country, 0)
    body = _letters(generator, string.ascii_uppercase, letters)
    body += _letters(generator, string.digits, n - letters)
    digits = "".join(str(int(c, 36)) for c in f"{body}{country}00")
    number = f"{country}{98 - int(digits) % 97:02d}{body}"
    gap = generator.choice(["", " "])
    return gap.join(number[i : i + 4] for i in range(0, len(number), 4))


def _jwt(generator: random.Random) -> str:
    def encode(content: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")

    claims = {"sub": _letters(generator, ALPHANUMERIC, 12), "iat": generator.randint(1, 2**31)}
    signature = _letters(generator, ALPHANUMERIC + "_-", 42) + "a"
    return f"{encode({'alg': 'HS256', 'typ': 'JWT'})}.{encode(claims)}.{signature}"


def _private_key(generator: random.Random) -> str:
    kind = generator.choice(["", "RSA ", "EC ", "OPENSSH ", "ENCRYPTED "])
    body = "\n".join(_letters(generator, ALPHANUMERIC + "+/", 64) for _ in range(8))
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


def _ipv4(generator: random.Random) -> str:
    return ".".join(str(generator.randint(0, 255)) for _ in range(4))


def _phone(generator: random.Random) -> str:
    shape = generator.choice(
        [
            "+1 2## ### ####",
            "+1-2##-###-####",
            "+1 (2##) ###-####",
            "(2##) ###-####",
            "2##-###-####",
            "2##.###.####",
            "2## ### ####",
            "1-8##-###-####",
            "+44 20 7### ####",
            "+44 7### ######",
            "07### ######",
            "020 7### ####",
            "+49 171 #######",
            "0171 #######",
            "030/########",
            "030 / ######",
            "(07031) ## ## ##",
            "07031 ## ## ##",
            "07031 / ## ##-0",
            "030 ####-0",
            "+49 30/#######",
            "+49 (0) 711 / ## ## ##",
            "+43 1 #####-0",
            "+33 6 ## ## ## ##",
            "06 ## ## ## ##",
            "+86 138 #### ####",
            "+91 98### #####",
            "+14155######",
            "4155######",
        ]
    )
    return "".join(generator.choice(string.digits) if c == "#" else c for c in shape)


CANARIES: list[tuple[Callable[[random.Random], str], str]] = [
    (_api_key, "[api key]"),
    (_email, "[email]"),
    (_card, "[card number]"),
    (_iban, "[bank account]"),
    (_jwt, "[token]"),
    (_private_key, "[private key]"),
    (_ipv4, "[IP address]"),
    (_phone, "[phone number]"),
]


@pytest.mark.parametrize(("canary", "replacement"), CANARIES, ids=[name for _, name in CANARIES])
def test_at_least_99_percent_of_canaries_are_masked_and_nothing_around_them(
    canary: Callable[[random.Random], str], replacement: str
) -> None:
    generator = random.Random(7)
    missed = []
    for i in range(N_CANARIES):
        secret, around = canary(generator), AROUND[i % len(AROUND)]
        if mask(around.format(secret)) != around.format(replacement):
            missed.append((around.format(secret), mask(around.format(secret))))
    assert len(missed) <= N_CANARIES // 100, missed[:5]


def test_a_number_that_fails_the_card_check_is_no_card() -> None:
    assert mask("order 4111 1111 1111 1112") == "order 4111 1111 1111 1112"
    assert mask("card 4111 1111 1111 1111") == "card [card number]"


def test_a_number_that_fails_the_check_of_a_bank_account_is_none() -> None:
    assert mask("GB83 WEST 1234 5698 7654 32") == "GB83 WEST 1234 5698 7654 32"
    assert mask("PAY DE89 3704 0044 0532 0130 00 NOW") == "PAY [bank account] NOW"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("my password is hunter2 and", "my password is [secret] and"),
        ("my password is: hunter2", "my password is: [secret]"),
        ("password: iovFMOCojh please", "password: [secret] please"),
        ("password: forgotten again", "password: forgotten again"),
        ("Password:\nhunter2x", "Password:\n[secret]"),
        ("**Password:** hunter2", "**Password:** [secret]"),
        ("`password`: hunter2", "`password`: [secret]"),
        ('{"password": "correcthorse"}', '{"password": "[secret]"}'),
        ("{'api_key': 'abcd1234'}", "{'api_key': '[secret]'}"),
        ('password: "P@$$;word1 x", then', 'password: "[secret]", then'),
        ("login(pwd='s3cr3t!', 3)", "login(pwd='[secret]', 3)"),
        ("API_KEY=abcd1234efgh", "API_KEY=[secret]"),
        ("dbPassword=hunter2;", "dbPassword=[secret];"),
        ("mysql --password hunter2", "mysql --password [secret]"),
        ("<password>hunter2</password>", "<password>[secret]</password>"),
        ("client secret => Zx.90-aa", "client secret => [secret]"),
        ("secret=abcd1234", "secret=[secret]"),
        ("mein Passwort ist Sommer2024", "mein Passwort ist [secret]"),
        ("das Kennwort lautet Sommer2024!", "das Kennwort lautet [secret]"),
        ("api key: sk-abcdefghijklmnopqrstuvwx", "api key: [api key]"),
        ("password: ada@example.org", "password: [secret]"),
    ],
)
def test_what_is_written_under_the_name_of_a_password_is_masked(text: str, masked: str) -> None:
    assert mask(text) == mask(masked) == masked


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("AT61 1904 3002 3457 3201 AT61 1904 3002 3457 3201", "[bank account] [bank account]"),
        ("KD12 3456 DE89 3704 0044 0532 0130 00", "KD12 3456 [bank account]"),
        ("AT61 1904 3002 3457 3201 ABC", "[bank account] ABC"),
        ("de89370400440532013000, please", "[bank account], please"),
        ("GB29 NWBK 601613 31926819", "[bank account]"),
        ("DE89-3704-0044-0532-0130-00", "[bank account]"),
    ],
)
def test_bank_accounts_are_found_beside_other_letters(text: str, masked: str) -> None:
    assert mask(text) == mask(masked) == masked


def test_what_was_masked_can_be_left_out() -> None:
    assert without_masks(mask("password: hunter2 of ada@example.org")).split() == [
        "password:",
        "of",
    ]


def test_a_private_key_cut_off_before_its_end_is_masked_to_the_end() -> None:
    assert mask("-----BEGIN RSA PRIVATE KEY-----\nMIIEow") == "[private key]"


@pytest.mark.parametrize(
    "text",
    [
        "What is 1,234,567.89 times 42?",
        "Solve 3.14159265358979 + 2.71828182845904",
        "The year 2024-01-31, at 12:30:45, room 101.",
        "ISBN 978-3-16-148410-0 and DOI 10.1000/182",
        "Version 1.2.3 of the library, section 4.5.6.7.8",
        "120 - 45 - 30 = 45; 555 + 1234",
        "def f(x): return x[-1] @ y.T  # matrix",
        "from hf_hub import npm_config_registry; sk_learn = 1",
        "https://example.org/articles/2024/01/31/some-long-title-of-a-page",
        "Answer: A. 100000000 B. 200000000",
        "my password is not accepted, and the password is case-sensitive",
        "Forgot password: how do I reset it?",
        "API key: where do I find it, and what is the pwd: a folder",
        "def check(password: string, api_key: Optional[str]) -> bool",
        "api_key=os.environ['KEY']; password = getpass.getpass(); api_key=self.token",
        "token = tokenizer.encode(text), secret: 3 eggs and flour",
        "俳句を書いてください 🙂",
        "Das Kennwort lautet anders als gedacht, Auftrag 48-2213 vom 01.02.2026",
        "Euro 1.234.567,89 bei 0,05 / 12 und +12345 sowie +5 12 / 34; 10.000.000 Umdrehungen",
        "ratio 012 / 34, ticks 012 34 56, shift +4 12/20, pages 7 / 12 / 31",
    ],
)
def test_plain_text_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


@given(
    st.text(
        alphabet=st.characters(exclude_categories=["Nd"], exclude_characters="@-."), max_size=200
    )
)
def test_text_without_digits_and_signs_stays_as_it_is(text: str) -> None:
    assert mask(text) == text


@given(st.text())
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "unit",
    [
        *("1", "1 ", "+1", "a", "a.", "a@", "0-", "(0", "eyJ", "sk-", "1.", "-----BEGIN ", "é"),
        *("pwd=", "pwd : ", "password is ", "password is a", "AA00 "),
    ],
)
def test_time_stays_in_bounds_for_texts_made_to_be_slow(unit: str) -> None:
    text = (unit * 8_000)[:8_000]
    started = time.perf_counter()
    mask(text)
    assert time.perf_counter() - started < 1.0


@pytest.mark.real_data
def test_fewer_than_one_real_query_in_a_thousand_is_changed() -> None:
    files = sorted(SHARED_DATA.glob("*/queries.jsonl"))
    if not files:
        pytest.skip(f"no query logs in {SHARED_DATA.name}/ beside the repository")
    lines = [line for path in files for line in path.read_text("utf-8").split("\n") if line]
    texts = [json.loads(line)["text"] for line in lines[::4]]
    changed = sum(mask(text) != text for text in texts)
    assert len(texts) > 1_000
    assert changed <= len(texts) / 1_000
