"""Writing from scratch: e-mails, shop texts, fiction."""

EMAILS = """
query:
    {write} a {polite} email to {who}. Background: we agreed on {weekday} that {name} would send \
        the {papers}, then {name} was ill and nobody told me. I don't want to blame anyone, but \
        I need the {papers} by {date}. {how}
    {write} {few} versions of an email to {who} {about}, one {polite}, one {polite}
    {write} a {polite} email to {who} {about}. {how}
    {write} an email: {about_short}. {how}
    email to {who} {about}
    {can_you} reply to {who}? They wrote {about}. {answer} {how}
    {write} a {polite} follow-up email to {who}. {no_reply} {how}
    Make this email to {who} more {polite}: "{draft}"
    {write} an email declining {invitation} from {who}. {how}
    subject line for an email to {who} {about}
    {write} a cover letter email for a job as {job}. {how}
    {write} a resignation email, last day {date}. {how}
    {write} a {polite} email introducing {name} to {who}. {how}
    I have to tell {who} by email that {bad_news}. How do I put it, {polite} and short? {how}
    {write} an out-of-office reply until {date}, contact {name} instead
    {polite} reminder email to {who} {about}
    How do I end a {polite} email to {who}?
    {write} a thank-you email to {who} after {occasion}. {how}
write: write | draft | compose | help me write | please write | I need | Write
polite: polite | friendly | firm | formal | short | warm | professional | diplomatic | casual
who: my boss {name} | my landlord | a client | my colleague {name} | the whole department | a \
    supplier | my professor | HR | an applicant | my team | our neighbours | the head teacher | \
    a recruiter | {name}
about: about moving our meeting to {weekday} | asking for {few} days off in {month} | about the \
    delayed report | asking for feedback on my draft | about the noise after {clock} | asking \
    for a raise | about the missing signature | inviting them to the summer party on {date} | \
    about working from home on {weekday}s | asking for a reference | about the mistake in my \
    presentation | about the new hire {name} starting on {date}
about_short: ask {name} for a quick call | apologise to {name} for missing {weekday}'s meeting | \
    congratulate {name} on the promotion | tell the team the deadline is now {date} | chase \
    {name} for the slides | say sorry I'm late with the report
how: Not more than {60..150} words. | Keep it short. | No clichés. | Sign as {name}. | Don't \
    sound pushy. | Warm but clear. | In {few} sentences. | Mention {name}. | ~ | ~ | ~
answer: Say yes, but not before {weekday}. | Say no without burning bridges. | Ask for more \
    details. | Suggest {weekday} instead.
no_reply: No answer for {2..4} weeks. | I wrote on {date} and heard nothing. | We spoke on \
    {weekday}.
draft: I need the report now. | You forgot me again in the invite. | Send me your numbers by \
    {weekday}. | I can't come. | This is not what we agreed on {weekday}. | Why did nobody tell \
    me?
invitation: a dinner invitation | a speaking slot | the meeting on {weekday} | a job offer | the \
    committee seat
papers: slides | figures | contract draft | guest list | test results | photos
job: a gardener | a data analyst | a nursery teacher | a night receptionist | a lab technician | \
    a barista | a copy editor | a warehouse lead
bad_news: the workshop on {date} is cancelled | their application was rejected | we chose \
    another supplier | the budget was cut by {5..40} percent | I can't finish before {date}
occasion: the interview on {weekday} | a good first month | the conference | the farewell party \
    | the visit
"""

PRODUCT_COPY = """
query:
    {write} {text} for {product}. {tone}
    {few} taglines for {product}
    {write} {text} for {product} aimed at {audience}. {tone}
    {text} for {product}. {tone}
    We're a small family business and next {month} we start selling {product}. Our customers are \
        mostly {audience}, they care about {care}, and the price is {price} {currency}. {write} \
        {text} and {few} headlines. {tone}
    Make this text about {product} punchier: "{dull}" {tone}
    name ideas for {product}
    {write} an Instagram caption for {product}. {tone}
    What slogan would sell {product} to {audience}? {tone}
    Rewrite for our landing page about {product}: "{dull}" {tone}
    {write} {few} A/B variants of a headline for {product}. {tone}
    {write} a launch announcement for {product}, out on {date}. {tone}
    Come up with a campaign idea for {product} and {audience}. {tone}
    SEO title and meta description for {product}. {tone}
write: write | Write | draft | create | I need | come up with | please write
text: a product description | ad copy | a tagline | a landing page headline | a radio spot | a \
    social media post | a catalogue text | a billboard slogan | a teaser
product: a solar-powered {gadget} | our handmade {craft} | an oat milk with {flavour} | a new \
    {gadget} | {flavour} ice cream | {craft} made of recycled plastic | a meditation app | a \
    {flavour} soap | vegan {craft} for {audience} | a co-working space | a {flavour} candle | an \
    organic {flavour} tea | a quiet electric {gadget} | a language app for {audience}
gadget: lantern | speaker | bike helmet | lunch box | pet feeder | scooter | water bottle | baby \
    monitor
craft: backpacks | ceramic mugs | belts | notebooks | sneakers | wallets | blankets | cutting boards
care: quality and repairs | the planet | saving time | good design | local jobs
flavour: lavender | pistachio | ginger | sea salt | rhubarb | cinnamon | elderflower | mint | \
    smoked honey
audience: busy parents | commuters | students | dog owners | climbers | first-time buyers | \
    over-sixties | remote workers | night owls | gamers
tone: Playful. | Max {8..60} words. | No exclamation marks. | Premium feel. | Bold and cheeky. | \
    Mention the {5..25}% launch discount. | Focus on sustainability. | No buzzwords. | Include a \
    call to action. | ~ | ~
dull: It is good and lasts long. | A product of high quality for everyone. | Buy it today. | It \
    keeps things warm. | We made it with care.
"""

FICTION = """
query:
    {write} {form} about {hero} who {deed}. {style}
    {write} {form} {setting}. {style}
    {form} about {hero}. {style}
    I'm writing {form} for my {family}. The main character is {hero}, the place is a village \
        {setting}, and there should be {hero} who {deed}. {style} Start with "{opening}"
    Continue the story: "{opening}" {style}
    Give me {few} plot twists for a story where {hero} {deed}
    {write} the opening of a novel {setting}. The narrator is {hero}. {style}
    {write} a dialogue between {hero} and {hero} {setting}. {style}
    a bedtime story with {hero}
    How could the story end if {hero} {deed}? {style}
    {write} {form} that starts with "{opening}"
    Describe a villain for a fantasy tale {setting}, the opposite of {hero}. {style}
    character sketch: {hero} who {deed}
    {form}: {hero}, {hero}, {setting}
write: write | Write | compose | invent | Make up | please write
family: niece | little brother | granddaughter | class of {15..30} pupils
form: a short story | a poem | a haiku | a limerick | a sonnet | a fairy tale | a ghost story | \
    a ballad | a bedtime story | a monologue | a {100..500}-word story
hero: a dragon | a lighthouse keeper | a retired thief | a talking fox | an astronaut | a shy \
    giant | a clockmaker's daughter | a robot gardener | the last wizard | a ferryman | a girl \
    named {name} | a knight afraid of horses | a ghost called {name} | a rival witch | a boy \
    with wings
deed: finds a door in the forest | can't lie | collects lost shadows | steals the moon | speaks \
    to the sea | must cross a frozen kingdom | falls in love with a star | wakes up {2..9} \
    hundred years later | guards a sleeping village | loses all memories of {name}
setting: set in a drowned city | on a distant moon | during a storm at sea | in a haunted \
    library | set in a desert caravan | on the night train to nowhere | in a kingdom without \
    colours
style: In rhyme. | Dark and moody. | Funny please. | For a {4..9}-year-old. | First person. | \
    With a sad ending. | In {4..12} lines. | No happy ending. | In old-fashioned language. | ~ | \
    ~
opening: The clock struck thirteen and {name} smiled. | Nobody had opened the door in {20..99} \
    years. | It was the dragon who apologised first. | On {weekday} the sea was gone.
"""
