"""What people ask an assistant in passing."""

SMALL_TALK = """
query:
    {greet} {how_are}
    {greet} {chat}
    {chat}
    {chat} {tail}
    {greet} {how_are} {feel}
    {feel}. {chat}
    {feel} {tail}
    {feel}. {how_are} {tail}
    {feel}, so I thought I'd say hello. No question really, just wanted to talk to someone for \
        {2..9} minutes. {chat}
    {praise} {tail}
    {praise}, {name} here by the way
    {who} {tail}
    {greet} {who}
    {bye}
    {praise}. {bye}
    {greet} I'm {name}, {who}
    {greet} {feel}
    {greet} {praise}
    {bye} {tail}
    tell me a joke {joke}
    tell me a {size} joke {joke} {tail}
    {can_you} tell me {something}?
    {greet}
greet: hi | hello | hey there | good morning | good evening | hey | yo | hiya | heyyy | hello my \
    friend | morning! | hi again | hey you | howdy | greetings
how_are: how are you? | how are you today? | how's it going? | what's up? | how was your \
    {weekday}? | did you sleep well? | everything alright? | how have you been? | how do you \
    feel this {weekday}?
chat: do you like {like}? | what's your favourite {favourite}? | are you bored? | do you ever \
    get tired? | can you keep me company? | let's just chat | talk to me | say something nice | \
    do you dream? | guess what I did on {weekday} | I think we should be friends | do you prefer \
    {like} or {like}? | what do you do on {weekday}s? | what do you think about {like}?
like: jazz | rain | cats | dogs | mornings | winter | coffee | tea | chess | the sea | poetry | \
    long walks | Mondays | pineapple on pizza | old films | snow | birds | trains | mountains
favourite: colour | animal | song | season | number | word | film | day of the week | planet | \
    smell | book | dinosaur
feel: I'm a bit bored | I'm so tired today | I had a great {weekday} | feeling lonely this \
    evening | I'm happy, my {family} is visiting | couldn't sleep last night | what a long \
    {weekday} | I'm nervous about tomorrow | nothing to do on a {weekday} night | I just came \
    home from a walk | my {family} made me laugh today | it's my birthday | my {pet} is asleep \
    on my lap | finally weekend | I miss my {family} | rainy {weekday}, just me and my {pet}
family: sister | brother | mum | dad | grandma | best friend | cousin | uncle
pet: cat | dog | rabbit | old cat
tail: :) | haha | lol | you? | just saying | don't you think? | anyway | ... | and you? | be \
    honest | hehe | what about you?
praise: thank you so much | you're the best | that was helpful, thanks | nice talking to you | \
    well done | good bot | you are funny | perfect, thanks | great, you made my {weekday} | wow, \
    you're quick
who: who are you? | are you a real person or a program? | what's your name? | are you a robot? | \
    how old are you? | where do you live? | who made you? | do you have feelings? | can you hear \
    me? | are you human? | what are you? | do you remember me? | do you have a {family}?
bye: bye | good night | see you tomorrow | talk later | have a nice {weekday} | ok bye | gotta \
    go | see you on {weekday} | sleep well
size: silly | short | clean | terrible | dad | new
joke: about {like} | about {favourite}s | please | that {family}s like | for a {weekday} | a \
    short one
something: a fun fact about {like} | something that makes me smile | a riddle about {like} | a \
    good pun about {like} | something random | how to cheer up my {family}
"""

SCHEDULING = """
query:
    {can_you} put {event} with {name} in my calendar for {at}
    {open} we have {event} every {weekday} at {clock}, but {name} is away until the {4..20}th \
        and {name} can only do mornings. {can_you} find {length} that suits us and move {event} \
        there too? {note}
    remind me {when} to {task}
    set a reminder to {task} {when}
    {can_you} move {event} from {weekday} to {at}? {note}
    what's on my calendar {day}?
    {event} {when}, {length}
    find a slot for {event} with {name} and {name} {day}, {length}. {note}
    cancel {event} on {weekday} and tell {name}
    am I free {when}?
    do I have anything between {clock} and {clock} {day}?
    wake me at {clock} {day}
    {can_you} block {length} {day} for {focus}? {note}
    set a timer for {3..55} minutes
    alarm {clock} {day}
    {event} clashes with {event} on {weekday}, which one can move? {note}
    repeat {event} every {weekday} at {clock} until {month}
    add {name} and {name} to {event} on {weekday}
    {name} is in another time zone. When on {weekday} can we both do {event}? {note}
    remind me about {event} {5..55} minutes before
    how many meetings do I have {day}?
event: the team meeting | a call | lunch | the dentist appointment | the weekly review | a \
    one-to-one | the budget meeting | the planning session | a video call | the parents' evening \
    | the haircut | the project kick-off | choir practice | the car service | the stand-up | \
    coffee
at: {weekday} at {clock} | tomorrow at {clock} | next {weekday} | the {4..20}th at {clock} | \
    {weekday} the {4..20}th
when: on {weekday} at {clock} | tomorrow at {clock} | on the {4..20}th at {clock} | next \
    {weekday} morning | next {weekday} at {clock} | tonight at {clock} | in {2..6} hours
day: tomorrow | on {weekday} | this {weekday} afternoon | next week | on the {4..20}th | before \
    {clock} on {weekday}
task: water the plants | call {name} | take the bins out | pay the rent | book the train | pick \
    up the cake | renew my passport | send {name} the slides | buy milk | feed {name}'s cat | \
    charge the bike | submit the timesheet | collect the laundry | check the oven
length: half an hour | {20..90} minutes | an hour | two hours | all afternoon
note: Not before {clock}. | {name} only has time in the morning. | Keep it short. | Online \
    please. | Avoid {weekday}. | ~ | ~ | ~ | ~
focus: deep work | reading | preparing the talk | the gym | lunch | packing
"""

COOKING = """
query:
    what can I cook with {food}, {food} and {food}? {limit}
    {dish} recipe with {food}
    {can_you} give me a recipe for {dish}? {limit} {for_people}
    how long do I {method} {food}?
    I have {food} and {food} left over. {idea} {limit}
    my {dish} turned out {bad}. {what_wrong}
    substitute for {ingredient} in {dish}?
    how do I make {dish} {better}?
    {people} are coming on {weekday}. What goes well with {dish}? {limit}
    can I freeze {dish} with {food}?
    can I freeze {dish}? {limit}
    {dish} for {people}, how much {food} do I need?
    easy dinner with {food}
    is {15..70} minutes at {120..230} degrees right for {dish}?
    {can_you} plan dinners for a week around {food}? {limit} {for_people}
    {food} or {food} for {dish}?
    what spices go with {food}? {limit}
    I've never made {dish} before. Walk me through it step by step. {limit} {for_people}
    I want to {method} {food}. How do I see when to stop?
    {can_you} turn my grandmother's {dish} into something for {people}? She used {ingredient}, \
        {ingredient} and a lot of {food}, and let it rest overnight. I have an electric oven and \
        {20..90} minutes. {limit}
    What makes my {dish} turn out {bad} every time? I use {ingredient} and {method} it for \
        {20..60} minutes.
food: chickpeas | leeks | chicken thighs | salmon | pumpkin | red lentils | mushrooms | spinach \
    | aubergine | rice | potatoes | cauliflower | tofu | minced beef | beetroot | courgettes | \
    eggs | cabbage | sweetcorn | white beans | fennel | carrots | tomatoes
dish: risotto | lasagne | vegetable curry | banana bread | pancakes | lentil soup | shakshuka | \
    potato gratin | sourdough bread | apple crumble | chilli | paella | ramen | quiche | goulash \
    | falafel | carrot cake | dumplings | mushroom stew | pad thai | fish pie
ingredient: butter | cream | buttermilk | yeast | eggs | fish sauce | cornstarch | honey | soy \
    sauce | parmesan | baking powder | wine
limit: No dairy please. | It must be vegan. | I only have {20..45} minutes. | No oven. | Gluten \
    free. | Nothing spicy, kids are eating too. | One pot only. | No nuts. | Cheap please. | ~ | \
    ~ | ~ | ~
people: {3..12} guests | {2..6} people | {few} hungry teenagers | two adults and {2..3} kids | \
    my in-laws
for_people: For {people}. | ~ | ~ | ~
idea: Any ideas? | What would you cook? | Lunch idea? | Something quick? | What could I make?
method: roast | bake | steam | fry | boil | simmer | marinate | grill | soak
bad: too dry | soggy | too salty | burnt outside and raw inside | flat | rubbery | bland | \
    watery | bitter
what_wrong: What did I do wrong? | Can I save it? | How do I fix that? | What should I change \
    next time?
better: crispier | lighter | creamier | without {ingredient} | in advance | less sweet | in a \
    pressure cooker
"""

TRAVEL = """
query:
    {who} We land in {city} on {date} at {clock} and fly home from {city} {days} later. {wish} \
        {can_you} suggest where to stop in between by {by} and where to sleep? {wish}
    {can_you} plan {days} in {city}? {who} {wish}
    what should I see in {city} in {days}? {wish}
    is {city} or {city} better for {purpose} in {month}? {wish}
    how do I get from {city} to {city} by {by}? {wish}
    {who} {wish} Where should we go in {month}, {city} or {city}?
    best time of year for {purpose} in {city}
    things to do {city} {month}
    day trips from {city} by {by}? {wish}
    Is {days} enough for {city} and {city}? {who} {wish}
    what to pack for {days} in {city} in {month}
    which part of {city} should we stay in? {who} {wish}
    how much money do I need for {days} in {city}? {who}
    Draft an itinerary: {city}, {city}, {city} by {by} in {days}. {who} {wish}
    is {city} safe for {lone}?
    weather in {city} in {month}?
    rainy day ideas for {city} in {month}? {who} {wish}
    {city} with {small_kids}, what do you recommend? {wish}
    I have a layover of {4..14} hours in {city}. {layover}
    quiet beaches or lakes near {city} for {purpose}? {wish}
city: Lisbon | Porto | Kyoto | Oaxaca | Ljubljana | Tallinn | Seville | Bergen | Split | Hanoi | \
    Naples | Marrakesh | Vienna | Riga | Tbilisi | Bologna | Cusco | Ghent | Krakow | Valencia | \
    Edinburgh
days: a weekend | {2..9} days | a week | {10..16} days | one day | a long weekend
who: We are two adults with {small_kids}. | I travel alone. | We're a group of {4..9} friends. | \
    My parents are over 70. | It's our honeymoon. | I use a wheelchair. | ~ | ~ | ~
small_kids: a toddler | a baby | {few} kids | two teenagers | a six-year-old
wish: Not too touristy. | We love food markets. | On a small budget. | We like museums and long \
    walks. | No flights if possible. | Something with hiking. | We'd like to swim. | No car. | ~ \
    | ~ | ~
purpose: hiking | cycling | surfing | a honeymoon | a city break | museums | birdwatching | \
    street food | a family holiday | a hen weekend
by: train | bus | ferry | night train | bike | rental car | public transport
lone: a woman travelling alone | a family with {small_kids} | night walks | solo backpackers
layover: Can I leave the airport and see something? | What's worth it? | Enough for the old town?
"""
