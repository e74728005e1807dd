"""Customer support of a made-up web shop with a subscription."""

ORDER_STATUS = """
query:
    {open} {ordered} for my {who}'s birthday on {date}. Since then {nothing}. I called twice, \
        waited {5..50} minutes in the queue and was told to be patient. {ask} If it can't be \
        here by {weekday}, {else} {thanks}
    {open} the app {stuck_app} for my {item} but the map shows the van {van}. {ask}
    Any update on order {ref}? {need} {upset}
    {open} where is my {item}? {ordered}. {thanks}
    {open} {ordered} and {nothing}. {ask} {thanks}
    {open} {ordered}, the tracking page {stuck}. {ask}
    tracking number {ref} {stuck}, {ask}
    {open} when will order {ref} {arrive}? {need}
    {open} the courier {courier}. {ask} {thanks}
    order {ref} status {please}
    status of my order {ref}?
    {item} not delivered
    wheres my {item}
    {open} my package {stuck_short} for {lapse} now. {upset} {ask}
    {open} {ordered}. The email said it would {arrive} by {date}, but {nothing}. {need} {ask} \
        {thanks}
    {open} only {few} of the items from order {ref} came today. {rest}
    {open} has my {item} shipped yet? order number {ref}
    It is {weekday} and {nothing}. Delivery was promised for {date}. Order {ref}. {upset}
    {open} is it normal that the parcel with my {item} {stuck_short} for {lapse}?
    {open} can I still change the delivery address of order {ref} before it ships?
    {open} a card says the driver left it next door. Which parcel was that, {ref} or {ref}?
item: {colour} {thing} | {thing} | {thing} | new {thing} | {thing} and {thing} | {colour} {thing}
colour: blue | black | grey | red | green | white
thing: kettle | backpack | desk lamp | office chair | yoga mat | headphone set | rain jacket | \
    toaster | board game | phone case | bookshelf | tent | coffee grinder | pair of running \
    shoes | rug | mirror | suitcase | keyboard | garden hose | birthday present
thing_s: mugs | towels | chairs | lamps | cushions | baskets | candles
ref: #{10000..98999} | A-{1000..9899} | {100000..989999} | no. {20000..79999} | WB{1000..9999}X
ordered: I ordered it on {date} | I ordered it last {weekday} | I ordered {few} {colour} \
    {thing_s} on {date} | I placed order {ref} {lapse} ago | my order number is {ref} | I bought \
    a {thing} from your shop on {date} | I ordered the {item} {lapse} ago | the order is {ref}
nothing: nothing has arrived | it still hasn't come | there is no sign of it | I haven't \
    received anything | no parcel so far | I've heard nothing since | still waiting
stuck: hasn't moved for {lapse} | still says "label created" | says delivered but I got nothing \
    | shows "in transit" since {date} | says it's in a depot in another city | gives an error | \
    stopped updating after {date} | says "returned to sender" for some reason
stuck_short: has been in transit | has been sitting in the depot | hasn't moved | has been "on \
    its way"
ask: Where is it? | Can you check? | What is going on? | When can I expect it? | Please find my \
    parcel. | Could you track it down for me? | Any news? | Can someone look into this? | what \
    now? | Is it lost?
arrive: arrive | be delivered | get here | ship | reach me | turn up
need: I need it by {weekday}. | It's a gift for {date}. | We leave on {date}, so it's urgent. | \
    I took a day off to be at home. | ~ | ~ | ~
who: mother | nephew | wife | husband | daughter | colleague | grandson
else: cancel the order. | send it by express. | send it to my office instead. | tell me where I \
    can pick it up.
stuck_app: says "arriving today" | counts {2..30} stops | says "out for delivery" | promised {clock}
van: on the other side of town | in the depot | standing still since {clock} | driving away from me
upset: This is really annoying. | Not happy. | I'm getting a bit worried. | Second time this \
    happens. | ~ | ~ | ~
courier: left a card but I was at home | says nobody was in | put it at the wrong door | never \
    came | marked it as delivered, it isn't here | delivered to a neighbour I don't know | says \
    the address is incomplete | asked for a code I never got
rest: Where is the rest? | Is the rest coming separately? | When does the {thing} come? | The \
    {thing} is missing, was it sent in another box?
"""

RETURNS = """
query:
    {open} I want to return {a_thing}, {why}. {how} {thanks}
    {open} how do I send back {a_thing}? {why_long} {kept}
    {open} {a_thing} arrived {broken}. {want} {thanks}
    {open} my {thing} came today. {why_long} {want}
    {open} can I exchange {a_thing} for {other}? {kept}
    {open} I bought {a_thing} on {date} and {why}. I wrote to you {lapse} ago and sent {few} \
        photos, but nobody answered. {why_long} {want} Otherwise I'll go back to the shop with \
        it. {thanks}
    refund for {a_thing} please, {why}
    return label for {a_thing} {please}
    {open} I sent back {a_thing} {lapse} ago and {no_money}. {when}
    {open} do I have to pay for the return of {a_thing} if {why}?
    {open} what's the deadline for returning {a_thing} bought on {date}? {kept}
    how to return {a_thing}
    exchange {a_thing} for {other}
    {open} I lost the receipt for {a_thing}, can I still return it? {kept}
    {open} {a_thing} came {broken}, photos attached. {want}
    {open} I'd rather have store credit than a refund for {a_thing}, {why}. Possible?
    {open} return {rma} was received by your warehouse on {date}, yet {no_money}. {when}
    Is {a_thing} returnable if {opened}?
a_thing: the {colour} {thing} | my {thing} | a {thing} | the {thing} I bought | my new {thing} | \
    these {plural} | {few} {plural}
thing: dress | jacket | blender | pair of boots | carpet | duvet cover | hair dryer | sofa cover \
    | winter coat | vacuum cleaner | pair of jeans | frying pan | bed frame | wool jumper | \
    speaker
plural: trainers | curtains | plates | shirts | glasses | cushions | gloves | bowls | sandals
colour: beige | navy | striped | dark red | cream | olive
why: it doesn't fit | it's the wrong size | the colour is off | it stopped working | I changed \
    my mind | it's too small | it's too big | it scratches | I ordered the wrong one | it was a \
    duplicate gift | it looks nothing like the photo | there's a part missing
why_long: It's {size} sizes too {big}. | The zip broke on the {ordinal} day. | There is a stain \
    on it. | The stitching came apart when I washed it. | It makes a burning smell. | The seam \
    is torn. | The {thing} looks cheap and the colour is nothing like the picture. | You sent me \
    {plural} instead of it. | The lining is ripped. | One side is longer than the other. | It \
    hums loudly and gets hot. | It smells of smoke.
size: two | three | at least two
big: big | small | long | short
broken: broken | damaged | in the wrong colour | with a big scratch | cracked | in the wrong \
    size | without the screws | dirty, clearly worn before | in {few} pieces
opened: the box is opened | I removed the tags | I wore it once | the seal is broken | I washed \
    it once
how: What do I have to do? | Where do I send it? | How does that work? | Is there a return \
    label? | Do you collect it? | Who pays the postage? | what are the steps?
want: I'd like my money back. | I want a replacement. | Please send a new one. | Refund please. \
    | Can I swap it? | How do I get a refund? | Can you send me a return label? | I expect a \
    full refund.
other: a larger size | size {36..46} | the black one | the smaller model | another colour | size \
    M | size XL | the {thing}
kept: I still have the packaging. | The tags are on. | It's unworn. | I have no box any more. | \
    ~ | ~ | ~
no_money: there is no refund | I still haven't been refunded | you only refunded {price} \
    {currency} | the money isn't back | nobody confirmed the return
when: When do I get my money? | How long does a refund take? | Please check. | Did you receive it?
rma: R-{1000..9999} | number {10000..99999} | RMA{100..999}
"""

ACCOUNT_ACCESS = """
query:
    {open} I can't log in. {detail} {tried} {thanks}
    {open} {forgot}. {how}
    {open} the password reset email {no_mail}. {tried}
    {open} my account is locked {since}. {how} {thanks}
    {open} the login code {code}. {tried} {how}
    how do I {change} {where_i}?
    {open} how can I {change} {where_i}? {reason} {thanks}
    {open} {detail} I use {device}, {since}. {tried} {how} {thanks}
    {open} since {weekday} I can't sign in on {device}. First it said "{error}", then my account \
        was locked {since_short}. {tried} I also called, but the hotline needs a code that goes \
        to my old number. {how} {thanks}
    {open} {detail} {how}
    forgot password on {device}
    cant login {where_i}, {error}
    locked out of my account {since}, {device}
    login on {device} says "{error}"
    {open} {new_phone}, so I can't get past two-factor login. {how} {thanks}
    {open} every time I sign in I get "{error}". {tried} {thanks}
    {open} I got an email about a sign-in from {place} on {date}. It wasn't me. {secure}
    {open} please delete my account and my profile data. {reason}
    {open} I have {few} accounts by mistake, can you merge the logins? {reason}
    {open} {forgot} and the reset link {no_mail}. {how}
device: my phone | my old laptop | a tablet | the office computer | a new phone | my work laptop \
    | the library computer | my TV
where_i: in the app | on the website | on {device} | from abroad | without the old phone | ~
since_short: after {2..9} tries | overnight | for {12..72} hours
detail: It says "{error}". | The page just reloads after I enter my password. | My username \
    isn't recognised. | Logging in works on my phone but not on the laptop. | I get logged out \
    after {2..9} minutes. | The sign-in button does nothing in my browser. | My {month} password \
    change seems to be lost. | The app keeps asking for my password.
error: invalid credentials | wrong username or password | this account does not exist | your \
    profile is locked | account suspended | too many attempts | session expired | error \
    {400..503} | user not found | token expired | access denied
tried: I already cleared the cookies. | I reset the password {few} times. | Tried it on {device} \
    too. | Tried {few} browsers. | I checked the spam folder. | Restarted everything. | Caps \
    lock is off, I checked. | ~ | ~ | ~ | ~
forgot: I forgot my password | I don't remember which email I signed up with | I lost my \
    password | I can't remember my username | I forgot the answer to my security question | I no \
    longer have access to my old mailbox
how: How do I get back in? | What can I do? | Please unlock it. | Can you reset it for me? | How \
    do I recover the account? | Can you help me sign in? | any idea?
no_mail: never arrives | has already expired | goes to my old address | leads to a blank page | \
    came {few} hours late | only works once and then fails
since: since {weekday} | after {few} wrong attempts | since the update | for no reason I know of \
    | because of "unusual activity"
code: never arrives on {device} | doesn't arrive | is always rejected | arrives after it has \
    expired | goes to my old number | has {5..8} digits but the field takes fewer
change: change my password | change the email address of my account | turn on two-factor login | \
    turn off two-factor login | change my username | update my phone number | delete my account \
    | log out of all devices | see who is logged in to my account | sign in with a passkey
reason: I got married and my name changed. | The old address is my former employer's. | I want \
    to be safe. | I don't use it any more. | ~ | ~ | ~
new_phone: I have a new phone | I lost my phone | my authenticator app was wiped | I changed my \
    number | my phone was stolen on {weekday}
place: another country | a city I've never been to | {device} | an unknown device | a browser I \
    don't use
secure: How do I secure my account? | What should I do? | Please block that session. | Was I hacked?
"""

BILLING = """
query:
    {open} I was charged {twice} for {plan}. {fix} {thanks}
    {open} why did {plan} go up to {price} {currency}? {fix}
    {open} there is a charge of {price} {currency} on my card from {date} that {unknown}. {fix}
    {open} how do I cancel {plan}? {cancel_why}
    cancel {plan} from {month}
    {open} please cancel {plan}. {cancel_why} Last day should be {date}. {thanks}
    {open} on {date} {price} {currency} left my account for {plan}. I had written on {date} that \
        I want to stop, and your colleague {name} confirmed it. Now {still}. {fix} {thanks}
    {open} I cancelled {plan} on {date} but {still}. {fix} {thanks}
    {open} can I switch {plan} from monthly to yearly payment? {switch}
    {open} {plan} renewed on {date} although {cancel_why} {fix}
    {open} my card was declined for {plan}. {card}
    {open} how do I change the card for {plan}? {card}
    {open} where can I download the receipts for {plan}? {books}
    {open} do students get a discount on {plan}? Now I pay {price} {currency}.
    {open} what happens to my data when {plan} ends? {cancel_why}
    {open} the {month} bill shows {price} instead of {price} {currency}. {fix}
    pause subscription until {month}
    {open} my free trial ended and {still}. {fix}
    {open} can I split the payment for {plan} over {few} months?
    {open} the voucher code for {plan} wasn't applied at checkout, I paid {price}. {fix}
plan: the premium plan | my subscription | the family plan | my membership | the annual plan | \
    my yearly membership | the trial of the premium plan | the {month} payment of my plan | the \
    team plan with {3..40} seats | the basic plan | the pro subscription | my monthly plan
twice: twice on {date} | three times in {month} | {price} {currency} too much | before the trial \
    was over | {price} {currency} instead of {price}
fix: Please correct it. | Can you refund the difference? | Please explain. | I want that money \
    back. | Why is that? | What is it for? | Can you check my payments? | I dispute this charge.
unknown: I don't recognise | I never agreed to | has no description | isn't on any invoice
cancel_why: I don't use it enough. | It's too expensive for me. | I found something cheaper. | \
    We are closing the team. | I turned off auto-renewal. | ~ | ~
still: I'm still being charged | another {price} {currency} were taken | I got a new bill today \
    | the payment went through anyway
switch: What would it cost? | Is it cheaper? | Do I lose the rest of the month? | From {month} \
    on, please.
card: The card is fine, I used it today. | It expired in {month}. | I have a new one from my \
    bank. | I'd rather pay by bank transfer. | Is direct debit possible?
books: My accountant needs them. | I need them for taxes, {few} months back. | VAT must be on \
    them. | ~
"""

STORE = """
query:
    {open} {hours} {ask_hours}
    {open} do you have {goods} in stock in {shop}?
    {open} do you have {goods} in {variant} in stock? {why_goods}
    {goods} in {variant} in stock at {shop}?
    {shop} opening hours {weekday}
    {open} is there parking at {shop} for {vehicle}?
    {open} does {shop} offer {service}? {ask}
    {open} is {service} free if I buy {goods} in {shop}?
    {open} do the {goods} come in {variant}? {why_goods}
    {open} is there a discount on {goods} for {group} in your furniture store?
    {open} what are the dimensions of the {goods} in {shop}? They have to fit {space}.
    {open} are the {goods} you sell {quality}? {why_goods}
    {open} when will {goods} be back in stock in {shop}?
    {open} can I see {goods} on display in {shop}? {hours}
    {open} do you deliver {goods} from {shop} to a {floor} floor flat? {ask}
    {open} what's the difference between the classic and the plus {goods} in {shop}? {why_goods}
    {open} who makes the {goods} you sell, and are they {quality}?
    {open} we're furnishing a small {room} and would like to see {goods} and {goods} before we \
        buy. Are both on display in {shop}? The {room} is {2..5} by {3..6} metres and has a \
        slanted wall. {hours} {ask}
    {goods} for a {room}, {quality}, under {200..900} {currency}. Do you have some in {shop}?
    is there a cafe or a play area for {small} in {shop}?
hours: are you open on {weekday}? | what are your opening hours on {date}? | until when is \
    {shop} open on {weekday}? | what time does {shop} open on {weekday}s? | is {shop} open on \
    public holidays in {month}?
ask_hours: We come from out of town. | I'd come after {clock}. | Just to look at {goods}. | ~ | ~
goods: standing desks | bookcases | bedside tables | bunk beds | bar stools | oak tables | \
    corner shelves | roller blinds | wardrobes | armchairs | sideboards | garden chairs | sofa \
    beds | mattresses | chests of drawers | office chairs | floor lamps | coat racks | high \
    chairs | mirrors
shop: the city store | your store at the station | the outlet | your store in the mall | the \
    downtown store | your showroom | your furniture store
variant: black | oak | a larger size | {90..220} cm | child size | matt white | dark green | \
    walnut | birch
why_goods: It's for a {room}. | They should match {goods}. | I saw them in {shop} last \
    {weekday}. | ~ | ~
vehicle: a van | a trailer | bikes | a wheelchair user
service: assembly at home | click and collect | same-day delivery | a design consultation | \
    removal of old furniture | van rental | custom cuts
ask: What does it cost? | How does it work? | Do I need an appointment? | ~ | ~
group: students | teachers | nurses | seniors | newly-weds | clubs | members
small: toddlers | kids aged {2..9} | babies
space: under a window of {80..150} cm | in a lift | through a door of {70..95} cm | in a niche \
    of {60..140} cm
floor: second | third | fourth | fifth
room: kitchen | studio | guest room | home office | nursery | hallway | teenager's room
quality: stain resistant | suitable for outdoors | solid wood | easy to assemble | fire \
    resistant | recyclable | height-adjustable
"""
