"""Work where a confident wrong answer does harm: contracts, employment law, symptoms."""

CONTRACT_REVIEW = """
query:
    We act for {side} in a {contract} worth about {2..90} million. The other side's draft says: \
        "{clause}" Further down it says: "{clause}" Our template instead caps liability at \
        {50..200}% and excludes the {term}. {ask} {ask}
    {review} this clause for {side}: "{clause}" {ask}
    "{clause}" {ask}
    {ask}⏎⏎{clause} {clause} {clause}
    {review} the {part} of our {contract}. {ask} "{clause}"
    {side} wants to replace "{clause}" with "{clause}" {ask}
    redline this for {side}: {clause} {clause}
    what does {term} mean for {side} in a {contract}?
    Draft a fallback position on {term} for {side} in a {contract}. {ask}
    Is the {term} in our {contract} enforceable? {clause}
    Compare these two versions of the {part}.⏎A: {clause}⏎B: {clause}⏎{ask}
    {term} in a {contract} for {side}, market standard?
    {side} refuses the {term}. {clause} {ask}
review: Review | Analyse | check | mark up | assess the risk of
side: the supplier | the licensee | our side, the buyer | the contractor | the landlord | the \
    seller | the customer
part: limitation of liability | indemnity section | termination clause | confidentiality section \
    | warranty section | assignment clause
contract: software licence | share purchase agreement | secrecy agreement | master services \
    agreement | distribution agreement | commercial lease | joint venture agreement | data \
    processing agreement
term: liability cap | change of control clause | most favoured nation clause | earn-out | \
    non-solicitation covenant | force majeure clause | indemnity | auto-renewal | step-in right \
    | exclusivity | escrow release
clause: The Supplier's aggregate liability shall not exceed {50..200}% of the fees paid in the \
    preceding {3..24} months, save for gross negligence. | Either party may terminate on \
    {30..180} days' written notice without cause. | The Licensee shall indemnify and hold \
    harmless the Licensor against all third-party claims. | This Agreement renews for successive \
    terms of {1..5} years unless notice is given {30..120} days prior. | Neither party shall \
    assign this Agreement without prior written consent, not to be unreasonably withheld. | The \
    Receiving Party shall keep Confidential Information secret for {2..10} years after \
    termination. | The Seller warrants that it has disclosed all material facts up to {date}. | \
    Liquidated damages of {1..9}% per week of delay apply, capped at {10..40}%.
ask: What are the risks? | Is it enforceable? | Who bears the risk of {term}? | What should we \
    negotiate? | Does it conflict with the {term}? | Any red flags? | Suggest wording. | Which \
    carve-outs are missing?
"""

EMPLOYMENT_LAW = """
query:
    {open} my employer {did}. {facts} {ask}
    {open} I've been an employee at the same place for {2..25} years. In {month} my employer \
        {did}, and when I objected I got {paper}. {facts} HR says {claim}. I have to answer by \
        {weekday}. {ask} {ask}
    {facts} My employer {did}. {ask}
    can my employer {may}? {facts}
    {ask_short} {facts} {facts} {ask}
    I was dismissed {why_fired}. {facts} {ask}
    {facts} Now I've been given {paper}. {ask}
    Fired {why_fired}, is that legal? {facts} {facts}
    how much severance after {2..25} years as {job}? {facts}
    is a non-compete for {job} valid if it covers {1..3} years and {facts_short}?
    My boss {did} because {facts_short}. {ask}
    {paper}: do I have to sign? {facts} {ask}
    unfair dismissal deadline for {job}? {facts}
    A colleague says {claim}. Is that right? {facts}
did: refuses to pay {10..90} hours of overtime | cut my salary by {5..40}% without asking | \
    wants me to sign a settlement | gave me a written warning | denied my parental leave | says \
    my contract ends on {date} | moved my workplace {50..400} km away | has not paid wages since \
    {month} | counts my holiday as sick leave | reads my work messages | put me on probation \
    again
may: dismiss me while I'm on sick leave | make me work on {weekday}s | refuse part-time work | \
    cancel approved leave in {month} | withhold my last salary | ask about pregnancy | demand \
    training costs of {1..9} thousand back
facts: I've worked there for {2..25} years. | I'm {few} months pregnant. | There is a works \
    council. | My contract has a probation of {3..6} months. | We are {5..45} employees. | I'm \
    on a fixed-term contract until {date}. | I have {few} witnesses. | Nothing is in writing. | \
    I was on sick leave in {month}. | I'm a freelancer on paper but only work for them. | My \
    notice period is {2..12} weeks.
facts_short: I refused overtime | I joined a union | I reported a safety problem | I was ill for \
    {2..12} weeks | I moved to another country | I'm paid below minimum wage | I asked for \
    part-time work
job: a nurse | a sales rep | an apprentice | a cook | a teacher | a truck driver | a developer | \
    a cashier | a care worker | an office clerk | a part-timer
why_fired: without notice | by text message | during parental leave | for being {5..50} minutes \
    late | the day after my complaint | {2..9} days before the end of probation | over a social \
    media post
paper: a termination agreement | a revised employment contract | a severance offer of {2..12} \
    monthly salaries | a waiver of all claims | a formal warning
ask: Is that legal? | What are my rights? | Can I sue for wages? | How long do I have to contest \
    it? | Do I need an employment lawyer? | What should I do before {weekday}? | Am I entitled \
    to severance?
ask_short: Employment law question. | Is this wrongful dismissal? | Labour rights:
claim: a warning must come before dismissal | verbal notice is void | unused leave expires in \
    {month} | overtime above {2..12} hours must be paid
"""

SYMPTOMS = """
query:
    {who} {since} with {symptom} and {symptom}. {history} {ask}
    {who} {since} with {symptom}. It started {since_short}, first only {symptom}, then {symptom} \
        as well. {history} {history} We gave {mild_drug} at {clock}, it helped for {2..6} hours. \
        {ask}
    {symptom} and {symptom} {since_short}. {ask}
    {who} {since} with {symptom}. {history} {ask}
    {ask} {who} {since} with {symptom}.
    {symptom}, {symptom}, {ask_short}
    is {symptom} after {drug} normal? {history}
    can I take {drug} with {drug}? {history}
    {who} took {drug} and now has {symptom}. {history} {ask}
    {symptom} {since_short}, should I see a doctor?
    Woke up with {symptom}. {history} {ask}
    What could cause {symptom} together with {symptom} in {patient}? {history}
    dose of {drug} for {weighing}? {history}
    fever of {38..40} and {symptom} in {patient}, {ask_short}
who: My {2..14}-year-old | My mother, {60..89}, | My baby, {2..11} months old, | I'm {18..75} \
    and | My husband | A patient, {20..85}, | My grandfather
since: has been ill for {lapse} | woke up | has come down since {weekday} | has been in bed \
    since {clock}
since_short: {2..9} days ago | on {weekday} | after running | at night | after eating | {2..20} \
    hours ago
symptom: chest pain | a stiff neck | blurred vision | a rash on the legs | numbness in the left \
    arm | shortness of breath | a fever of {38..40} | severe headache | swollen ankles | blood \
    in the urine | dizziness | stomach cramps | palpitations | a persistent cough | tingling \
    fingers | vomiting | night sweats | back pain radiating into the leg
history: Type {1..2} diabetes. | No known allergies. | Blood pressure {120..180} over {70..110}. \
    | Takes {drug}. | Had surgery in {month}. | Migraine since childhood. | Just back from the \
    tropics. | Smoker. | No fever. | ~ | ~ | ~
mild_drug: ibuprofen | paracetamol | antihistamines | cough syrup
drug: ibuprofen | paracetamol | a blood thinner | antibiotics | a beta blocker | an \
    antidepressant | cortisone | antihistamines | metformin | statins
weighing: a child of {8..40} kg | an adult of {45..110} kg | someone over {60..85} with {45..80} kg
patient: a toddler | an adult | a {60..88}-year-old | a pregnant woman | a child of {3..12}
ask: Is this an emergency? | What could it be? | Should we go to the hospital? | Which tests \
    make sense? | Could it be serious? | Wait or see a doctor?
ask_short: emergency? | how worried should I be? | what now? | which specialist?
"""
