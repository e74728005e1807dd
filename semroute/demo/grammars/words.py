"""Words every grammar may use. First names only, made-up references; nobody and nothing real."""

WORDS = """
name: Anna | Ben | Chloe | Dev | Elena | Farid | Grace | Hugo | Ines | Jonas | Kemi | Liam | \
    Mara | Nadia | Omar | Priya | Quinn | Rosa | Sam | Tariq | Uma | Viktor | Wendy | Yara | Zoe \
    | Marta | Joel | Aisha | Stefan | Lucy
weekday: Monday | Tuesday | Wednesday | Thursday | Friday | Saturday | Sunday
month: January | February | March | April | May | June | July | August | September | October | \
    November | December
date: {1..28} {month} | {month} {1..28} | the {4..20}th | {weekday} the {4..20}th | the {24..30}th
clock: {8..12}am | {1..6}pm | {9..12}:30 | {13..18}:00 | {1..5}.15 pm | quarter past {2..9} | \
    half past {2..9} | noon | {9..17}h
lapse: {2..9} days | a week | {10..14} days | two weeks | over a week | {3..5} weeks | ages
price: {5..99}.99 | {10..180} | {12..95}.50 | {20..400}.00
currency: dollars | euros | pounds | EUR | USD | GBP
open: Hi, | Hello, | Hey, | Hi there, | Good morning, | Good evening, | Hello team, | Hi! | \
    Quick question: | Sorry to bother you, | Hi again, | Question: | Dear support, | ~ | ~ | ~ | \
    ~ | ~ | ~ | ~ | ~ | ~ | ~
thanks: Thanks! | Thank you. | Thanks in advance. | Cheers | many thanks | Best, {name} | ~ | ~ \
    | ~ | ~ | ~ | ~ | ~ | ~
please: please | pls | kindly | ~ | ~ | ~
can_you: can you | could you | would you | can you please | could you please | can u
ordinal: first | second | third | fourth | last
few: two | three | four | five | six | several
"""
