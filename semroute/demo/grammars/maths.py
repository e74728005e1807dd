"""School arithmetic in words, and proofs."""

WORD_PROBLEMS = """
query:
    My {4..8}th grader is stuck on this homework: a school orders {3..12} boxes of {good} with \
        {6..48} in each box, gives {2..5} to class A and twice as many to class B, and shares \
        the rest equally among {3..9} other classes. How many does each class get, and how many \
        are left? {steps}
    {name:1} saves {5..60} dollars a month and already has {20..300}. After how many months can \
        {name:1} buy a {good_one} for {400..900} dollars? {steps}
    {name:1} buys {3..24} {good} at {2..9} dollars each and pays with a {200..500} dollar note. \
        {change}
    {name:1} has {12..90} {good}. {name} has {2..5} times as many. How many do they have together?
    A train travels {120..480} km in {2..6} hours. {speed}
    A {shape} is {3..40} cm long and {3..40} cm wide. {area}
    {name:1} reads {8..40} pages a day. How many days does {name:1} need for a book of \
        {180..900} pages?
    {few} workers paint a fence in {4..20} hours. How long do {3..9} workers need at the same pace?
    A {good_one} costs {20..240} dollars. The price is reduced by {5..60}% and then raised by \
        {5..40}%. {final}
    what is {12..96}% of {120..980}?
    {12..96}% of {name}'s {120..980} {good}, how many is that?
    {120..999} divided by {6..48}, with remainder
    {name:1} is {3..20} years older than {name}. In {2..12} years their ages add up to {50..90}. \
        {ages}
    A tank holds {100..900} litres and fills at {3..25} litres per minute. {tank}
    In a class of {20..34} pupils, {8..15} play football and {5..9} play chess. {2..4} do both. \
        {neither}
    The average of {4..8} numbers is {10..60}. After adding another number it is {12..64}. Which \
        number?
    {name:1} mixes juice and water in the ratio {1..3}:{4..7}. How much juice is in {2..18} litres?
    solve {2..9}x + {3..40} = {50..190}
    {17..99} times {13..99}?
    {name:1} walks {2..9} km in {20..90} minutes and {name} cycles {3..9} times as fast. {meet}
    A recipe for {2..6} people needs {150..600} g of flour. How much for {7..20} people?
    {name:1} packs {good} into {4..30} boxes of {6..48} and {3..20} are left over. How many were \
        there? {steps}
    {3..12} {good:1} cost {8..60} dollars. How much do {13..40} {good:1} cost? {steps}
good: apples | pencils | marbles | stickers | tickets | eggs | notebooks | balloons | oranges | \
    cookies
good_one: bicycle | jacket | lamp | guitar | tent | chair
shape: rectangle | garden bed | sheet of paper | playing field
steps: Step by step please. | Explain it so that a child understands. | Just the answer. | ~
change: How much change does {name:1} get? | How many dollars are left? | What's the change, \
    step by step?
speed: What is its average speed? | How far does it get in {7..12} hours? | When does it cover \
    {500..900} km?
area: What is its area? | Find the perimeter and the area. | How long is the diagonal?
final: What is the final price? | Is it cheaper than before? | By how many percent did it change \
    in total?
ages: How old is {name:1}? | How old are they now? | Set up the equation and solve it.
tank: How long until it is {20..90}% full? | After how many minutes is it full? | It leaks 1 \
    litre per minute. When is it full?
neither: How many do neither? | Draw the Venn diagram and count the rest.
meet: Who needs longer for {10..30} km and by how much? | How fast is each in km/h?
"""

PROOFS = """
query:
    {prove} {claim}. {style}
    Prove or disprove: {claim}. {style}
    {let_claim} {style}
    {let_claim} I can do the case n = {1..3} but not the general one. {style}
    My lecture notes say without proof that {claim}. I tried induction and then a contradiction, \
        and each time I got stuck in the {ordinal} step. Can you {prove_it} and say where {tool} \
        comes in? {style}
    Give a counterexample or a proof: {claim}
    {claim}, how does the proof go? {style}
    Where is the gap in this proof that {claim}? {gap}
    Is it true that {claim}? Proof, please. {style}
    epsilon-delta proof that {analysis}
    Prove by induction that {induction}. {style}
    Theorem: {claim}. Give me a proof that uses {tool}. {style}
    Sketch two different proofs that {claim}. {style}
prove: prove that | show that | Give a rigorous proof that | Prove that
claim: {analysis} | {algebra} | {number} | {topology} | {induction}
analysis: sin(x)/x^{2..6} is integrable on [1, oo) | the sequence (1 + {2..9}/n)^n converges | a \
    continuous function on {space} that is zero on a dense set is zero | every uniformly \
    continuous function on {space} maps Cauchy sequences to Cauchy sequences | the series over \
    1/n^{2..9} converges | a monotone function has at most countably many discontinuities | \
    x^{2..7} is not uniformly continuous on the real line | a bounded sequence in {space} has a \
    convergent subsequence | pointwise limits of measurable functions are measurable
algebra: a group of order {15..91} has a normal Sylow subgroup | similar {3..9:1}x{3..9:1} \
    matrices have the same trace | every principal ideal domain is noetherian | the centre of a \
    group of order {2..7}^{3..5} is not trivial | every group of order {3..7}^2 is abelian | a \
    finite integral domain is a field | the kernel of a ring homomorphism is an ideal | every \
    subgroup of index 2 is normal | the determinant of an orthogonal {3..9:1}x{3..9:1} matrix is \
    1 or -1 | the polynomial x^{3..9} - {2..7} is irreducible over the rationals
number: {2..40} divides infinitely many Fibonacci numbers | there are arbitrarily long gaps of \
    {10..90} or more between primes | the sum of {2..6} consecutive odd numbers is never prime | \
    the square root of {11..97} is irrational or an integer | there are infinitely many primes \
    congruent to 3 mod 4 | n^{3..9} - n is even for every n | the sum of divisors is \
    multiplicative
topology: a compact subset of a Hausdorff space is closed | the product of {few} connected \
    spaces is connected | every metric space is first countable | {space} is separable
induction: {3..9}^n - 1 is divisible by {2..8} for all n | a graph with n vertices and n edges \
    has a cycle | every tree with n vertices has n - 1 edges | 2^n exceeds n^{2..5} for large n
space: R^{2..9} | a complete metric space | l^{2..9} | a Banach space | the unit interval
let_claim: Let G be a finite group of order {20..400}. Prove that it has an element of prime \
    order. | Let f be continuous on [{0..2}, {3..9}]. Prove that f is uniformly continuous. | \
    Let V have dimension {3..20:1} and let T be nilpotent. Show that T^{3..20:1} = 0. | Suppose \
    M is compact and f maps M to itself isometrically. Prove that f is onto. | Let p be a prime \
    larger than {2..20}. Show that (p - 1)! + 1 is divisible by p. | Let A be a symmetric \
    {3..9:1}x{3..9:1} matrix. Prove that its eigenvalues are real. | Let R be a commutative ring \
    with {4..30} elements. Show that every prime ideal is maximal.
prove_it: prove it properly | give the full proof | complete the proof | prove the lemma behind it
tool: the pigeonhole principle | compactness | the mean value theorem | Lagrange's theorem | \
    Zorn's lemma | the triangle inequality | the isomorphism theorem
style: Don't use the axiom of choice. | State each theorem you use. | As short as possible. | \
    Without Zorn's lemma. | Be rigorous. | ~ | ~ | ~
gap: It uses the mean value theorem twice. | The induction step starts at n = {2..9}. | It \
    assumes the limit exists.
"""
