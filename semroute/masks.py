"""Masks for what should not be copied from queries into files that people pass around.

Built in: private keys, JSON web tokens, API keys with a known prefix, what is called a password or
a key, e-mail addresses, bank accounts (IBAN), payment card numbers, IPv4 addresses and phone
numbers. A mask lowers the risk; it does not make a text anonymous: names and addresses look like
any other words, and so does a password that nothing announces.
"""

import re
from collections.abc import Callable

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

_NAMED_SECRET = re.compile(
    r"""(?<![A-Za-z0-9])(
        (?:pass(?:word|wd|phrase|code)|pwd|passwort|kennwort
          |(?:api|secret|access|private|client|auth)[_ -]?(?:key|token|secret))
        [ ]{0,3}(?::=|=>|:|=)[ ]{0,3}["'`]?(?=[^\s"'`,;<>()\[\]{}]{4})
      | (?:pass(?:word|phrase|code)|passwort|kennwort)[ ](?:is|ist)[ ]["'`]?(?=[^\s"'`]{0,60}[0-9])
    )[^\s"'`,;<>()\[\]{}]{4,200}""",
    re.ASCII | re.IGNORECASE | re.VERBOSE,
)

_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%\u00c0-\u024f-]{1,64}"
    r"@(?:[A-Za-z0-9\u00c0-\u024f-]{1,63}\.){1,8}[A-Za-z]{2,63}(?![A-Za-z0-9])",
    re.ASCII,
)

_IBAN = re.compile(
    r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?:[ ]?[A-Z0-9]{4}){2,7}"
    r"(?:[ ]?[A-Z0-9]{1,3})?(?![A-Za-z0-9])",
    re.ASCII,
)

_SHORTEST_IBAN = 15

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
        [ .-]?[0-9]{1,5}(?:[ .-]?[0-9]{2,5}){2,4}
      | (?:1[ .-]?)?(?:\([2-9][0-9]{2}\)[ ]?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}
      | (?:\(0[1-9][0-9]{1,4}\)|0[1-9][0-9]{1,4})[ /-][0-9]{3,8}(?:[ -][0-9]{2,6}){0,2}
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
    for pattern, replacement in _MASKS:
        text = pattern.sub(replacement, text)
    return text


def _card_or_not(match: re.Match[str]) -> str:
    digits = [int(c) for c in match[0] if c.isdigit()]
    return "[card number]" if _luhn(digits) else match[0]


def _iban_or_not(match: re.Match[str]) -> str:
    """Replace the longest run of groups whose check digits are right; ISO 13616."""
    groups = match[0].split(" ")
    for n_groups in range(len(groups), 0, -1):
        number = "".join(groups[:n_groups])
        moved = "".join(str(int(c, 36)) for c in number[4:] + number[:4])
        if len(number) >= _SHORTEST_IBAN and int(moved) % 97 == 1:
            return " ".join(["[bank account]", *groups[n_groups:]])
    return match[0]


def _luhn(digits: list[int]) -> bool:
    """Check the last digit; ISO/IEC 7812-1, annex B."""
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


# In this order: a key can hold what looks like an address, a card number what looks like a phone's.
_MASKS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_PRIVATE_KEY, "[private key]"),
    (_JWT, "[token]"),
    (_API_KEY, "[api key]"),
    (_NAMED_SECRET, r"\1[secret]"),
    (_EMAIL, "[email]"),
    (_IBAN, _iban_or_not),
    (_CARD, _card_or_not),
    (_IPV4, "[IP address]"),
    (_PHONE, "[phone number]"),
)
