"""Costs as people read them."""

from decimal import Decimal


def per_thousand(cost_usd: float) -> str:
    """Write what a thousand requests cost or save; `cost_usd` is that of one.

    >>> per_thousand(0.00124), per_thousand(0.0000567), per_thousand(1.5), per_thousand(0.0)
    ('$1.24', '$0.057', '$1,500.00', '$0.00')
    >>> per_thousand(-0.002)
    '-$2.00'
    """
    if cost_usd < 0:
        return f"-{per_thousand(-cost_usd)}"
    cost = 1000 * cost_usd
    if cost >= 1 or cost == 0:
        return f"${cost:,.2f}"
    return f"${cost:.3f}" if cost >= 0.01 else f"${Decimal(f'{cost:.2g}'):f}"
