"""Routine work on a given text: label, extract, translate, correct, summarise."""

SENTIMENT = """
query:
    {classify}: "{review}"
    {classify}.⏎⏎{review}
    {classify}. Answer with one word. Review: {review}
    Review: "{review}" {label}
    "{review}" {label}
    sentiment? "{review}"
    {scale}: {review}
    Film review: {review} {label}
    Label each review as positive or negative:⏎1. {review}⏎2. {review}⏎3. {review}
    Positive or negative? {review}
    Does the reviewer like the {work}? "{review}"
classify: Classify the sentiment of this review | Is this review positive, negative or neutral | \
    Label the sentiment (positive/negative/mixed) | What is the sentiment of the following \
    review | Determine whether the reviewer liked the {work} | Tag this review as POS, NEG or \
    NEU
label: Positive or negative? | Sentiment? | Good or bad review? | Is the reviewer happy? | \
    What's the sentiment, positive or negative?
scale: Rate the sentiment of this review from 1 to 5 | On a scale of 1 to {5..10}, how positive \
    is this review | Give the sentiment as a number from -1 to 1
work: film | novel | album | play | series | game | concert
review: {verdict} {reason} | {reason} {verdict} | {verdict} {reason} {twist} | {reason} {reason} \
    | {mixed}, {but} | {mixed}, {but} {reason} {reason} {twist}
verdict: I loved every minute of this {work}. | What a waste of {2..3} hours. | A masterpiece. | \
    Not for me. | Boring from start to finish. | Best {work} I've come across this year. | I \
    wanted to like this {work}. | Wow. Just wow. | Two thumbs down. | Surprisingly good. | \
    Overrated. | It was fine, I guess.
reason: The plot of this {work} falls apart in the {ordinal} act. | {name}'s performance as the \
    detective is stunning. | The characters never come alive. | The ending had me in tears. | \
    The dialogue is wooden. | The soundtrack alone is worth the ticket. | I fell asleep after \
    {10..50} minutes. | The pacing drags. | The jokes land every single time. | You can tell the \
    director didn't care. | The camera work is gorgeous. | I read it in one sitting. | The \
    {ordinal} half is a mess.
mixed: The {work} looks beautiful | Great cast | The idea of the {work} is clever | The first \
    {few} chapters are slow | The lead singer was off key
but: but the script is lazy. | but I'd still recommend it. | and yet I was bored. | but somehow \
    it doesn't work. | but I left early. | but I won't be back. | but my kids hated it.
twist: And yet I couldn't stop. | Still, my {few} friends enjoyed it. | I'd go again on \
    {weekday}. | Avoid. | Five stars from me. | {2..9} out of 10. | Save your money.
"""

EXTRACTION = """
query:
    {extract} {fields} from this {doc}:⏎{body}
    {extract} {fields}. Return JSON.⏎⏎{body}
    {body}⏎⏎{extract} {fields} as JSON
    Return {fields} as JSON with keys in snake case. Use null if missing.⏎{doc}: {body}
    {doc} to JSON: {body}
    {extract} {fields}: "{body}"
    {extract} every date and amount in this {doc}: {body}
    I paste {doc}s into a spreadsheet all day. {extract} {fields}, one per line, in this order, \
        and leave out what isn't there. {strict}⏎⏎{body}
    From the {doc} below, {extract} {fields} into a CSV line.⏎⏎{body}
    get {fields} out of this: {body}
    Parse this {doc} into {fields}. {strict}⏎{body}
extract: Extract | extract | Pull out | Give me | List | find | get | read off
fields: the invoice number, date and total | name, quantity and unit price | the vendor, the due \
    date and the amount | {field} and {field} | {field}, {field} and {field} | all line items | \
    the {field}
field: invoice number | issue date | total | VAT amount | currency | due date | purchase order | \
    quantity | sender | recipient | item names | account reference | delivery date | net amount
doc: document | text | scan | OCR text | PDF text | attachment | paper
body: Invoice {no} dated {date}. {line}; {line}. Total {price} {currency}, due {date}. | INV \
    {no} / {date} / {line} / {line} / VAT {7..25}% / TOTAL {price} {currency} | Receipt \
    {no}⏎{line}⏎{line}⏎{line}⏎Sum: {price} {currency} | PO {no}, ordered by {name}, ship by \
    {date}: {line}, {line}. Net {price} {currency}. | Delivery note {no}: {line}, {line}. \
    Received by {name} on {date}. | To: {name}⏎Ref: {no}⏎{line}⏎Amount due {price} {currency} \
    before {date} | Quote {no} for {name}, valid until {date}: {line}; {line}; {line}. Net total \
    {price} {currency}
no: {2021..2025}-{100..999} | F{10000..99999} | {3000..9999}/{10..99} | RE-{100..999}-{10..99}
line: {2..40} x {goods} at {price} | {goods}, qty {2..60}, {price} each | {2..12} boxes {goods} \
    {price} | {goods} ({2..30} pcs) {price} {currency}
goods: M6 bolts | printer paper A4 | cable ties | toner | LED panels | safety gloves | copper \
    pipe 15 mm | cleaning fluid | hinges | packing tape | wood screws | air filters | label \
    rolls | cement 25 kg
strict: No comments. | Only valid JSON. | Numbers without currency signs. | Dates as YYYY-MM-DD. | ~
"""

TRANSLATION = """
query:
    translate "{phrase}" into {language}
    {can_you} translate this into {language}: {phrase}
    how do you say "{phrase}" in {language}?
    Translate into {language}, {register}: "{phrase} {phrase}"
    {language} for "{word}"
    what does "{foreign}" mean in English?
    Translate into English: "{foreign}", "{foreign}"
    I'm sending a card to {name}, who only speaks {language}. {can_you} translate this, \
        {register}? "Dear {name:1}, {phrase} {phrase} {phrase} Love, {name}"
    "{foreign}" and "{foreign}" in English please
    what's the {language} word for {word}, and for {word}?
    Is "{foreign}" {register} or rather rude?
    {language} words for "{word}" and "{word}" with the article
    Give me the {language} and the {language} for "{phrase}"
    Translate to {language}. Keep the names. "{phrase} {phrase}"
    when do people say "{foreign}"?
    I need this sign in {language} and {language}: {phrase}
    how is "{word}" pronounced in {language}?
language: French | German | Spanish | Italian | Portuguese | Dutch | Polish | Turkish | Greek | \
    Swedish | Czech
register: informal | formal | polite | as a local would say it | in simple words
word: butterfly | doorbell | to be jealous | wheelbarrow | seagull | pocket money | shoelace | \
    to sneeze | blackberry | fireplace | rainbow | light bulb | stepfather | jellyfish | hiccups \
    | to yawn | to look forward to | nevertheless | screwdriver | sister-in-law | overcast | \
    stubborn | eyebrow | to give up | dragonfly | cosy | homesick | ladder | to borrow | \
    wardrobe | thunder
phrase: Where is the nearest pharmacy? | The train to the coast leaves at {clock}. | Happy \
    birthday, dear {name}! | My sister has {few} children. | It has been raining since \
    {weekday}. | {name} will pick you up at {clock}. | Keep this door closed. | I would like to \
    pay separately. | The soup was delicious. | We got married in {month}. | Do you have this in \
    blue? | The dog is friendly. | Dinner is at {clock}, please bring {name}. | I have lived \
    here for {2..30} years. | I would like a table for {2..8} people. | The museum is closed on \
    {weekday}s. | My name is {name} and I am learning. | Could you speak more slowly? | It was \
    lovely to meet you. | Please do not feed the ducks. | We will be {5..50} minutes late. | I \
    am allergic to nuts. | See you on {weekday}. | The lift is out of order. | Congratulations \
    on your wedding, {name}! | How much does this cost? | The water is too cold. | Mind the \
    step. | My grandmother knitted this.
foreign: on y va | na klar | qué lástima | a dopo | até logo | lekker weer | smacznego | lycka \
    till | ça ne fait rien | auf die Plätze | ojalá que sí | che figata | com licença | het \
    spijt me | je voudrais un café | wo ist der Bahnhof | hasta mañana | per favore | obrigado \
    pela ajuda | tot ziens | das ist mir wurst | poco a poco | à tout à l'heure | ich drücke dir \
    die Daumen | dzień dobry | tack så mycket | no pasa nada | in bocca al lupo | goedemorgen | \
    quel dommage
"""

PROOFREADING = """
query:
    {correct}: {faulty}
    {correct}: "{faulty} {faulty}"
    Is this sentence correct? "{faulty}"
    {correct}. Only list the changes.⏎⏎{faulty} {faulty} {faulty}
    "{faulty}" {is_right}
    Should it be "{pair}"? As in: {faulty}
    grammar: {pair}? and {pair}?
    grammar check: {faulty} {faulty}
    I'm not a native speaker and this goes to my teacher {name}. {correct}, but keep my words \
        where you can.⏎⏎{faulty} {faulty} {faulty} {faulty}
    {correct} without changing the style: {faulty} {faulty}
    where do the commas go: {faulty}
    Is there a spelling mistake in "{faulty}"?
    {correct} and explain the rule: {faulty}
    My teacher marked "{faulty}" as wrong grammar. Why?
    which is right, "{pair}"? Example: {faulty}
correct: Correct the grammar | Proofread this | Fix the spelling and grammar | Correct the \
    mistakes | Please check my English | Fix typos and punctuation | check the spelling
is_right: Is the grammar right? | what's wrong with this sentence? | correct English? | Is the \
    tense right? | Where is the mistake?
pair: affect or effect | who or whom | less or fewer | its or it's | lay or lie | then or than | \
    {name} and I or {name} and me | in {weekday} or on {weekday} | was or were | practice or \
    practise | who's or whose | me or myself | much or many | since {2..9} years or for {2..9} \
    years
faulty: {name} dont know nothing about it. | Me and {name} was going to the libary on {weekday}. \
    | I have went their {2..9} times. | She go to school every {weekday}. | If I would have \
    knew, I would came. | The informations are very usefull. | Its raining, lets stay in side. | \
    He is more taller then his brother {name}. | I look forward to hear from you {name}. | \
    Yesterday I seen {few} deers in the garden. | We discussed about the wether. | I am living \
    here since {2..20} years. | {name} has less apples then {name}. | Their going to loose \
    they're keys again. | I didn't wrote the letter. | The childrens was playing quiet. | \
    Everyone have there own opinion of {name}. | He dont has no time since {month}. | {name} and \
    his {few} freinds was late. | I must to finish it untill {weekday}. | {name} said me that \
    she comes {weekday}. | Theres {few} reason to be carefull. | How you call this in english, \
    {name}? | I recieved you're card on {weekday}.
"""

SUMMARISING = """
query:
    {summarise} this {style}:⏎{notes}
    {summarise} this meeting {style}.⏎⏎{notes}
    {notes}⏎⏎tl;dr {please}
    {notes} {summarise} that {style}.
    What are the key points of these notes? {notes}
    {summarise} what was said about the {topic} {style}: {notes}
    {summarise} for someone who missed it, {style}: {notes}
    List decisions and open questions: {notes}
    Minutes from {date}: {notes} {summarise} {style}
    Shorten these minutes to {20..90} words: {notes}
    action items and who owns them? {notes}
    {summarise} the discussion between {name} and {name} {style}: {notes}
summarise: Summarise | Summarize | Sum up | Condense
style: in {few} bullet points | in one sentence | in {2..5} sentences | for the board | in plain \
    words | in under {30..120} words | with action items | as a headline
notes: {note} {note} {note} | {note} {note} {note} {note} | {note} {note} {note} {note} {note} \
    {note}
note: {name} reported that the {topic} is {2..9} weeks behind plan. | {name} asked for {few} \
    more people on the {topic}. | The team agreed to postpone the {topic} to {month}. | No \
    decision was taken on the {topic}. | {name} will share the numbers of the {topic} by \
    {weekday}. | Attendance was low, {name} was away. | {name} disagreed, saying the {topic} \
    costs {10..90} thousand more than planned. | The residents complained about the {topic}. | \
    {name} showed the results of the survey: {40..90} percent are in favour of the {topic}. | \
    The vote on the {topic} was {5..9} to {1..4}. | {name} suggested a pilot of the {topic} in \
    {few} districts. | A follow-up on the {topic} was set for {date}.
topic: website relaunch | office move | cycle lane | library extension | budget for {month} | \
    hiring plan | new canteen | summer fair | playground | annual report | flood defence | \
    training programme | rebrand | tram line | volunteer scheme
"""
