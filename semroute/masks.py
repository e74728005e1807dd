"""Masks for what should not be copied from queries into files that people pass around.

Built in: private keys, JSON web tokens, API keys with a known prefix, e-mail addresses, payment
card numbers, IPv4 addresses and phone numbers. A mask lowers the risk; it does not make a text
anonymous: names, addresses and passwords look like any other words.
"""

import re
from collections.abc import Callable

_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----"
    r".*?(?:-----END [A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)

_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")

_API_KEY = re.compile(
    r"""(?<![A-Za-z0-9])(?:
        (?:sk|pk|rk)[-_][\w-]{16,}                    # OpenAI, Anthropic, Stripe and alike
      | (?:gh[opusr]|glpat|hf|npm|gsk|r8|nvapi|xai|pplx|whsec|pypi|dop_v1|shp(?:at|ss|ca|pa))
        [-_][\w-]{16,}
      | github_pat_\w{20,}
      | (?:AKIA|ASIA|AGPA|AIDA|AROA)[A-Z0-9]{16}      # Amazon
      | AIza[\w-]{30,}                                # Google
      | ya29\.[\w-]{20,}
      | GOCSPX-[\w-]{20,}
      | xox[abeoprs]-[\w-]{10,}                       # Slack
      | xapp-[\w-]{10,}
      | SG\.[\w-]{16,}\.[\w-]{16,}                    # SendGrid
      | (?:AC|SK)[0-9a-f]{32}                         # Twilio
      | key-[0-9a-f]{32}                              # Mailgun
      | [0-9a-f]{32}-us[0-9]{1,2}                     # Mailchimp
      | sq0[a-z]{3}-[\w-]{20,}                        # Square
      | (?<=[Bb]earer[ ])[\w.~+/-]{20,}=*
    )""",
    re.VERBOSE,
)

_EMAIL = re.compile(
    r"(?<![\w.+%-])[\w.+%-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,63}(?![\w-])",
)

_CARD = re.compile(r"(?<![\w.,+-])[2-6](?:[ -]?[0-9]){12,18}(?![\w]|[.,-][0-9])")

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = re.compile(rf"(?<![\w.]){_OCTET}(?:\.{_OCTET}){{3}}(?![\w]|\.[0-9])")

_PHONE = re.compile(
    r"""(?<![\w.,:/+-])(?:
        (?:\+|00)[1-9][0-9]{0,2}(?:[ .-]?\(0?[0-9]{0,4}\))?(?:[ .-]?[0-9]{2,5}){2,5}
      | (?:1[ .-]?)?(?:\([2-9][0-9]{2}\)[ ]?|[2-9][0-9]{2}[ .-])[0-9]{3}[ .-][0-9]{4}
      | \(?0[1-9][0-9]{1,4}\)?[ /-][0-9]{3,8}(?:[ -][0-9]{2,6}){0,2}
      | 0[1-9](?:[ .-][0-9]{2}){4}                    # French
      | (?:1?[2-9][0-9]{2}[2-9]|0[1-9][0-9]{2})[0-9]{6,7}
    )(?![\w]|[.,:/-][0-9])""",
    re.VERBOSE,
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


def _luhn(digits: list[int]) -> bool:
    """Check the last digit; ISO/IEC 7812-1, annex B."""
    doubled = [d * 2 - 9 * (d > 4) for d in digits[-2::-2]]
    return (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


# In this order: a key can hold what looks like an address, a card number what looks like a phone's.
_MASKS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (_PRIVATE_KEY, "[private key]"),
    (_JWT, "[token]"),
    (_API_KEY, "[api key]"),
    (_EMAIL, "[email]"),
    (_CARD, _card_or_not),
    (_IPV4, "[IP address]"),
    (_PHONE, "[phone number]"),
)
