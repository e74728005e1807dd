"""Masks for what should not be copied from queries into files that people pass around.

Built in: private keys, JSON web tokens, API keys with a known prefix, the common ways to write down
a password or a key under its name, e-mail addresses, bank accounts (IBAN), payment card numbers,
IPv4 addresses and phone numbers. A mask lowers the risk; it does not make a text anonymous: names
and addresses look like any other words, and so does a password that nothing announces.
"""

import re
from collections.abc import Callable
from functools import partial

# ASCII throughout: `\w` would otherwise count the letters of a language written without spaces as a
# part of the secret beside them.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r".*?(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)

_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?", re.ASCII)

_API_KEY = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        (?:sk|pk|rk)-[\w-]{16,}                         # OpenAI, Anthropic and alike
      | (?:sk|pk|rk)_(?:live|test)_\w{10,}              # Stripe
      | whsec_[\w+/]{16,}=*
      | (?:gh[opusr]|hf|npm|r8)_[A-Za-z0-9]{30,}        # GitHub, Hugging Face, npm, Replicate
      | github_pat_\w{20,}
      | (?:glpat|nvapi|xai|pplx|pypi|xapp|GOCSPX)-[\w-]{20,}
      | (?:gsk|dop_v1|shp(?:at|ss|ca|pa))_\w{20,}       # Groq, DigitalOcean, Shopify
      | (?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}        # Amazon
      | (?:AIza|ya29\.)[\w-]{20,}                       # Google
      | xox[abeoprs]-[\w-]{10,}                         # Slack
      | SG\.[\w-]{16,}\.[\w-]{16,}                      # SendGrid
      | (?:AC|SK)[0-9a-f]{32}                           # Twilio
      | key-[0-9a-f]{32}                                # Mailgun
      | [0-9a-f]{32}-us[0-9]{1,2}                       # Mailchimp
      | sq0[a-z]{3}-[\w-]{20,}                          # Square
      | (?<=[Bb]earer[ ])[\w.~+/-]{20,}=*
    )""",
    re.ASCII | re.VERBOSE,
)

# What follows such a name is a secret: in quotes, or straight behind an equals sign, whatever it
# is, else only if it looks like one.
_NAMED_SECRET = re.compile(
    r"""(?P<name>
        (?:pass(?:word|wd|phrase|code)|pwd|passwort|kennwort
          |(?:api|secret|access|private|client|auth)[_ -]?(?:key|token|secret))
        (?:\\?["'`*]){0,3}\s{0,3}
        (?::=|=>|[:=>]|\b(?:is|ist|lautet)\b:?(?!\s{1,3}[0-9]{1,5}[ ]bits?\b))
        [`*]{0,2}\s{0,3}(?:[bfru]{1,2}(?=["']))?
      | --(?:password|pass|pwd|token|api-key)\s{1,3}
      | \b(?:secret|token)["']?[ ]?[:=][ ]?(?=["'`]?[^\s"'`]{8})(?=[^\s]{0,60}[0-9])
    )
    (?:
        (?P<quote>\\?["'`])(?:(?!(?P=quote))[^\n]){4,4000}(?P<end>(?P=quote))?
      | (?<=[A-Za-z]=)(?!\w{0,60}[.(\[])[^\s"'`,;<>()\[\]{}]{4,4000}
      | (?=[^\s"'`,;<>()\[\]{}]{0,4000}(?:[0-9]|(?-i:[a-z][A-Z])|[@#$%^&*+~|!][^\s"'`,;<>()\[\]{}]))
        [^\s"'`,;<>()\[\]{}]{4,4000}
    )""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)

_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%\u00c0-\u024f-]{1,64}"
    r"@(?:[A-Za-z0-9\u00c0-\u024f-]{1,63}\.){1,8}[A-Za-z]{2,63}(?![A-Za-z0-9])",
    re.ASCII,
)

_IBAN_LENGTHS = {
    country: int(length)
    for country, length in re.findall(
        r"([A-Z]{2})([0-9]{2})",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 "
        "DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 "
        "IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 "
        "MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 "
        "TL23 TN24 TR26 UA29 VA22 VG24 XK20 DJ27 FK18 HN28 MN20 NI28 OM23 RU33 SD18 SO23 YE30",
    )
}
"""Characters of a bank account number by country; SWIFT's IBAN registry."""

_IBAN_START = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}", re.ASCII)
_IBAN_REST = {
    length: re.compile(rf"(?:[A-Za-z0-9][ \u00a0-]?){{{length - 1}}}[A-Za-z0-9](?![A-Za-z0-9])")
    for length in set(_IBAN_LENGTHS.values())
}

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?<![\w.]){_OCTET}(?:\.{_OCTET}){{3}}(?!\w|\.[0-9])", re.ASCII)

# A number that is part of a longer one, of a date or of a path is neither a card nor a phone.
_NUMBER_START = r"(?<![\w+/.-])(?<![0-9][,:])"
_NUMBER_END = r"(?!\w|[.,:/-][0-9])"

_CARD = re.compile(rf"{_NUMBER_START}[2-6](?:[ -]?[0-9]){{12,18}}{_NUMBER_END}", re.ASCII)

_PHONE = re.compile(
    _NUMBER_START
    + r"""(?:
        (?:\+|00)[1-9][0-9]{0,2}(?:[ .-]?\([0-9]{1,5}\))?
        [ .-]?[0-9]{1,5}(?:[ ]?/[ ]?)?(?:[ .-]?[0-9]{2,5}){2,4}(?:-[0-9])?
      | (?:1[ .-]?)?(?:\([2-9][0-9]{2}\)[ ]?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}
      | (?:\(0[1-9][0-9]{1,4}\)|0[1-9][0-9]{1,4})(?:[ -]|[ ]?/[ ]?)  # German
        (?:(?:[0-9]{3,8}(?:[ -][0-9]{2,6}){0,2}|[0-9]{2}(?:[ ][0-9]{2,3}){2,4})(?:-[0-9]{1,5})?
          |[0-9]{2}[ ][0-9]{2}-[0-9]{1,5})
      | 0[1-9](?:[ .-][0-9]{2}){4}                      # French
      | (?:1?[2-9][0-9]{2}[2-9]|0[1-9][0-9]{2})[0-9]{6,7}
    )"""
    + _NUMBER_END,
    re.ASCII | re.VERBOSE,
)


def mask(text: str) -> str:
    """Replace secrets and personal numbers by what they are, in brackets.

    >>> mask("I am ada@example.org, call +44 20 7946 0958")
    'I am [email], call [phone number]'
    """
    for replace in _MASKS:
        text = replace(text)
    return text


def without_masks(text: str) -> str:
    """Leave out what `mask` has put in place of secrets."""
    return _PLACEHOLDER.sub(" ", text)


def _hide_named_secret(match: re.Match[str]) -> str:
    return f"{match['name']}{match['quote'] or ''}[secret]{match['end'] or ''}"


def _card_or_not(match: re.Match[str]) -> str:
    digits = [int(c) for c in match[0] if c.isdigit()]
    return "[card number]" if _luhn(digits) else match[0]


def _hide_accounts(text: str) -> str:
    parts, done = [], 0
    for start in _IBAN_START.finditer(text):
        end = _end_of_account(text, start.start()) if start.start() >= done else None
        if end is not None:
            parts += [text[done : start.start()], "[bank account]"]
            done = end
    return "".join([*parts, text[done:]])


def _end_of_account(text: str, start: int) -> int | None:
    """Return where the bank account number ends that begins here; ISO 13616 checks it."""
    length = _IBAN_LENGTHS.get(text[start : start + 2].upper())
    found = _IBAN_REST[length].match(text, start) if length else None
    if found is None:
        return None
    number = [c for c in found[0] if c.isalnum()]
    check = int("".join(str(int(c, 36)) for c in number[4:] + number[:4]))
    return found.end() if check % 97 == 1 else None


def _luhn(digits: list[int]) -> bool:
    """Check the last digit; ISO/IEC 7812-1, annex B."""
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


# In this order: a key can hold what looks like an address, a card number what looks like a phone's.
_MASKS: tuple[Callable[[str], str], ...] = (
    partial(_PRIVATE_KEY.sub, "[private key]"),
    partial(_JWT.sub, "[token]"),
    partial(_API_KEY.sub, "[api key]"),
    partial(_NAMED_SECRET.sub, _hide_named_secret),
    partial(_EMAIL.sub, "[email]"),
    _hide_accounts,
    partial(_CARD.sub, _card_or_not),
    partial(_IPV4.sub, "[IP address]"),
    partial(_PHONE.sub, "[phone number]"),
)

_PLACEHOLDER = re.compile(
    r"\[(?:private key|token|api key|secret|email|bank account|card number|IP address"
    r"|phone number)\]"
)
