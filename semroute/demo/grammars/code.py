"""Programming, from one-liners to races between threads."""

PYTHON_FUNCTIONS = """
query:
    {write} a Python function that {does}. {extra}
    {write} a python function {fname}({args}) that {does}. {extra}
    python: {does_short}, {do}
    python {does_short}
    how do I {do} in Python? {extra}
    {can_you} refactor this Python code? {extra}⏎⏎{snippet}
    Add type hints and a docstring:⏎{snippet}
    What does this Python function return for {2..90}?⏎{snippet}
    I get a list of dicts with {field}, {field} and {field} from an API, about {2..90} thousand \
        of them, some without {field}. {write} a Python function that {does}, and a second one \
        that {does}. {extra}
    {write} pytest tests for this function. {extra}⏎{snippet}
    {snippet}⏎⏎make this more pythonic {please}
    pythonic way to {do}? {extra}
    {write} a Python class for {thing}. {extra}
    Convert this loop to a list comprehension:⏎⏎{loop}
    Python one-liner to {do} and {do}
    {write} a Python script that reads {file} and {does}. {extra}
    Is there something in the standard library of Python to {do}? {extra}
    {write} a generator in Python that {does}
write: write | Write | please write | I need | implement | can you write | give me
does: returns the {2..9} most frequent words of a text | flattens nested lists | removes \
    duplicates but keeps the order | parses dates like {1..28}.{1..12}.2024 | computes the \
    moving average of {3..30} values | groups records by {field} | merges two dictionaries | \
    validates an ISBN | converts Roman numerals to integers | splits a list into chunks of \
    {2..50} | finds all palindromes in a string | counts vowels | rotates a matrix by 90 degrees \
    | checks whether brackets are balanced | rounds {field} to {1..4} decimals | finds the \
    longest common prefix | converts snake_case to camelCase | sorts people by {field} and \
    {field}
does_short: reverse words in a string | count lines per {field} | dedupe list of dicts by \
    {field} | chunk a list by {2..50} | sort dict by value | nested dict to flat keys | random \
    password length {8..32}
do: sort a list of dicts by {field} | read {file} line by line | merge two dicts | remove \
    duplicates from a list | format a float with {1..5} decimals | get the days between two \
    dates | transpose a list of lists | zip lists of different length | cache a function | \
    pretty-print JSON from {file} | count items by {field} | iterate over {file} in chunks of \
    {2..9} thousand rows
field: age | price | city | name | date | score | category | weight
args: items | text | n | rows, key | start, stop | values, window | a, b
fname: top_n | clean_rows | chunked | flatten | parse_line | score_all | normalise | first_match
file: orders.csv | log.txt | data.json | users.csv | a folder of text files | config.ini | a zip \
    file
thing: a stack | a bank account | a deck of cards | a priority queue | a matrix | an LRU cache | \
    a linked list | a temperature in Celsius and Fahrenheit | an inventory of {field}s
extra: No external libraries. | With type hints. | Handle empty input. | Python 3.{8..12}. | \
    Make it fast for {1..9} million rows. | Add a docstring. | With tests. | Explain it. | ~ | ~ \
    | ~ | ~
snippet:
    def {fname}({args}):⏎    out = []⏎    for i in range({2..90}):⏎        out.append(i * \
        {2..9})⏎    return out
    def {fname}(x):⏎    if x == None:⏎        return False⏎    return x % {2..12} == 0
    def {fname}(data):⏎    d = dict()⏎    for row in data:⏎        d[row["{field}"]] = \
        row⏎    return d
    def {fname}(s):⏎    r = ""⏎    for c in s:⏎        r = c + r⏎    return r[:{2..40}]
    def {fname}(n):⏎    return 1 if n < 2 else n * {fname:1}(n - {1..2})
loop:
    out = []⏎for row in rows:⏎    if row["{field}"] > {2..90}:⏎        out.append(row["{field}"])
    res = []⏎for a in xs:⏎    for b in ys:⏎        res.append(a * b + {1..9})
"""

SQL = """
query:
    {write} a SQL query that {gets}. {schema}
    SQL: {gets_short}
    {write} an SQL statement for {db}: {gets_short}. {schema}
    This query is slow on {2..90} million rows. Which index helps?⏎{statement}
    What does this SQL do?⏎⏎{statement}
    We have {2..60} million rows in {table} in {db}, indexed on {column}, and a report that \
        {gets}. It used to take {2..20} seconds and now takes {3..40} minutes. Here is the \
        query, how would you rewrite it? {statement}
    how do I {do} in {db}?
    {statement}⏎rewrite this with a window function
    {can_you} explain why this query returns duplicates?⏎{statement}
    {schema} {write} a query that {gets}.
    difference between {pair} in SQL?
    Turn this subquery into a join:⏎{nested}
    {statement}⏎⏎works in {db} but not in {db}, why?
    sql {do}
    {write} a SQL migration for {db} that adds {column} to the {table} table, default {0..9}
write: write | Write | please write | I need | give me | show me
gets: returns the top {3..50} {entity} by {metric} | lists {entity} without any {table} in the \
    last {7..90} days | counts {table} per {each} and month | finds duplicate rows in {table} by \
    {column} | computes the running total of {metric} per {each} | returns the {rank} highest \
    {metric} per {each} | joins {table} with {table} and keeps rows where {column} is null | \
    shows the share of {metric} per {each}
gets_short: top {3..50} {entity} by {metric} per month | {entity} with more than {2..40} {table} \
    | delete duplicates in {table} by {column} | average {metric} per region | latest row of \
    {table} per {each}
rank: second | third | fourth
each: customer | product | region | employee | supplier | store
entity: customers | products | regions | employees | suppliers | stores
metric: revenue | quantity | order value | margin | order count | discount
table: orders | payments | shipments | visits | invoices | logins | order_items
column: created_at | status | amount | region_id | customer_id | discount
db: Postgres | MySQL | SQLite | SQL Server | BigQuery
schema: Tables: {table}({column}, {column}), {entity}(id, name). | The {table} table has \
    {column}, {column} and {column}. | Schema as usual. | ~ | ~
do: pivot rows into columns | upsert a row into {table} | extract the month from created_at | \
    concatenate strings per {each} | limit rows per group | find gaps in {column} | update \
    {table} from another table | drop a column from {table} | cast created_at to a date | do a \
    full outer join of {table} and {entity}
pair: WHERE and HAVING | UNION and UNION ALL | LEFT JOIN and INNER JOIN | RANK and DENSE_RANK | \
    a view and a CTE | DELETE and TRUNCATE | COUNT(*) and COUNT({column})
statement:
    SELECT * FROM {table} t JOIN {entity} e ON t.customer_id = e.id WHERE t.{column} > {2..900};
    SELECT {column}, COUNT(*) FROM {table} GROUP BY {column} HAVING COUNT(*) > {2..40};
    SELECT e.name, SUM(t.amount) FROM {entity} e, {table} t WHERE e.id = t.{column} GROUP BY e.name;
    SELECT DISTINCT {column} FROM {table} WHERE created_at >= '2024-{10..12}-01' ORDER BY \
        {column} LIMIT {5..99};
nested:
    SELECT name FROM {entity} WHERE id IN (SELECT customer_id FROM {table} WHERE {column} > \
        {2..900});
"""

SHELL_GIT = """
query:
    git: {git} {extra}
    I work on a branch with {few} colleagues. Yesterday I {oops}, pushed, and then {name} pulled \
        and {oops}. Now git says {error}. How do we {git} without {git_risk}? {extra}
    how do I {git} in git? {extra}
    bash one-liner to {shell}
    {can_you} write a shell script that will {shell}? {extra}
    linux command to {shell} and then {shell}
    bash: {shell}
    what does `{command}` do? {extra}
    `{command}` prints {error}, what now? {extra}
    I accidentally {oops}. How do I undo that in git? {extra}
    explain the flags of `{command}`
    cron line to {shell} every {weekday} at {clock}
    difference between {pair} on the command line? {extra}
    {shell} from the Linux terminal? {extra}
    how to {git} without {git_risk}?
    git says {error} when I try to {git}. {extra}
git: squash the last {2..12} commits | undo the last {few} commits | rename a branch | revert a \
    merge commit | move a commit to another branch | delete a remote branch | remove a file from \
    the history | rebase onto main | stash only {few} files | find the commit that broke {file} \
    | cherry-pick {few} commits | see who changed {file}
shell: find files larger than {10..900} MB | replace a word in all {ext} files | delete {ext} \
    files older than {5..90} days | count lines in all {ext} files | show the {5..30} biggest \
    folders | rename {ext} files to lower case | kill whatever listens on port {3000..9000} | \
    copy {file} to {few} servers | watch {file} for changes | compress every {ext} file | print \
    column {2..9} of {file} | list open ports | check free disk space
ext: .log | .txt | .csv | .jpg | .bak | .json | .tmp | .xml
file: app.log | README.md | settings.yaml | main.py | index.html | deploy.sh | access.log | \
    notes.txt | .env.example
command:
    find . -name "*{ext}" -mtime +{2..90} -delete
    git reset --hard HEAD~{1..6}
    awk -F, '{print ${2..9}}' {file}
    tar -czf out.tgz {file}
    rsync -avz --delete src/ backup{1..9}/
    chmod {644..755} {file}
    git log --oneline -{3..30} -- {file}
    grep -rn "deprecated" --include=*{ext} .
    ps aux | sort -rk 3 | head -{3..20}
    sed -i 's/foo/bar/{1..3}' {file}
error: permission denied | detached HEAD | a merge conflict in {file} | "no space left on \
    device" | "not a git repository" | "argument list too long" | "command not found" | \
    "refusing to merge unrelated histories"
oops: committed to main | ran git reset --hard | force-pushed an old branch | deleted the branch \
    with {few} commits | committed {file} with {3..90} MB | amended a pushed commit
git_risk: losing my changes | a merge commit | rewriting history | touching {file}
pair: git merge and git rebase | git fetch and git pull | > and >> | sudo and su | a hard and a \
    soft link | cron and systemd timers | git reset and git revert
extra: I use zsh. | On macOS. | Ubuntu 22. | No root access. | Nothing is pushed yet. | ~ | ~ | \
    ~ | ~
"""

STACK_TRACES = """
query:
    It worked yesterday. I only changed {where} so that users can {act}, and now {error} comes \
        up {since}. I reverted, cleared the cache and reinstalled {lib}, no change. \
        {trace}⏎{ask}
    {trace}⏎{ask}
    {ask}⏎⏎{trace}
    I get {error} when I {act}. {ask}
    {error} in {where}, {ask}
    My app crashes with {error} {since}. {trace}
    why {error}?
    {trace}⏎⏎It only happens {since}. {ask}
    {error} after upgrading {lib} to {2..7}.{0..9}. {ask}
    Unit test fails with {error}:⏎{trace}
    {lib} throws {error} when I {act}. {ask}
    {can_you} debug this? {trace} I only wanted to {act}.
    build fails: {error} in {where}
ask: What is wrong? | How do I fix this error? | Why does it crash? | What does the error mean? \
    | Any idea? | Where should I look? | Help! | why?
error: {py_error} | {py_error} | {js_error} | {java_error} | segmentation fault (core dumped)
py_error: KeyError: '{key}' | TypeError: 'NoneType' object is not subscriptable | IndexError: \
    list index out of range | AttributeError: 'str' object has no attribute '{key}' | \
    ModuleNotFoundError: No module named '{lib}' | ImportError: cannot import name '{key}' | \
    UnicodeDecodeError at position {10..9000} | ValueError: could not convert string to float: \
    '{key}' | RecursionError: maximum recursion depth exceeded
js_error: TypeError: undefined is not a function | TypeError: Cannot read properties of null \
    (reading '{key}') | ReferenceError: {key} is not defined | CORS error {401..503} | error \
    TS{2300..2800}: property '{key}' does not exist
java_error: NullPointerException | ClassCastException | ConcurrentModificationException | \
    NumberFormatException: For input string: "{key}"
key: user_id | items | token | rows | name | config | payload | total
where: views.py | App.jsx line {10..400} | UserService.java | utils.ts | the login handler | the \
    CI build | main.go | tests/test_api.py
lib: pandas | numpy | react | django | flask | webpack | requests | spring-boot | sqlalchemy | \
    pillow
act: open the settings page | load the csv | call the endpoint | run the tests | click on save | \
    start the server | import {lib} | deploy | parse the response | upload a file larger than \
    {2..50} MB
since: since {weekday} | in production | on Windows | with more than {2..900} rows | after the \
    merge | on the {ordinal} request | when the list is empty
trace:
    Traceback (most recent call last):⏎  File "app.py", line {10..400}, in \
        handler⏎    {frame}⏎{py_error}
    Traceback (most recent call last):⏎  File "load.py", line {5..90}⏎    {frame}⏎{py_error}
    Exception in thread "main" {java_error}⏎    at shop.{key}.Service.run(Service.java:{10..400})
    Uncaught {js_error}⏎    at render (App.jsx:{10..400}:{2..40})⏎    at {key} \
        (index.js:{2..90}:{2..20})
    panic: runtime error: index out of range [{3..20}]⏎main.go:{10..300} +0x{10..99}
frame:
    total = data["{key}"][{0..9}]
    return float(row.{key})
    items = load({key})
"""

CONCURRENCY = """
query:
    {context} {few} threads {share}, and a background thread evicts entries every {2..90} \
        seconds. {symptom} We replaced {primitive} by {primitive}, which made it rarer but did \
        not cure it. {symptom} {ask}
    {symptom} {context} {ask}
    {ask} {symptom}⏎⏎{code}
    {code}⏎⏎{symptom} {ask}
    race condition in {system}? {symptom}
    Two threads {share}. {symptom} {context} {ask}
    Prove that this lock-free {structure} is correct under {model}, or find the race.⏎{code}
    {context} How do I find the deadlock? {symptom}
    deadlock in {system}. {context}
    Would {primitive} be enough when {few} threads {share}? {context}
    {context} {symptom} I already tried {primitive}. {ask}
    Review the locking of {system}: {few} threads {share}, guarded by {primitive}. {ask}
    intermittent hang, {few} threads, {primitive}. {symptom}
symptom: About once in {100..9000} runs the counter is too low. | Under load the workers hang \
    forever. | The consumer thread sees stale values. | It deadlocks after {2..30} hours, never \
    in the debugger. | The thread sanitizer reports a data race on the {structure}. | Goroutines \
    leak, {200..9000} after a day. | The future is never resolved when a task is cancelled. | \
    Messages are processed twice. | Only on ARM the {structure} gets corrupted. | The event loop \
    blocks although everything is async.
context: This is {system}, it runs with {4..64} threads. | It's {lang}, using {primitive}. | The \
    {structure} is shared by {few} producers and one consumer. | We hold {few} locks at once in \
    the {structure}. | {lang}, {4..96} cores.
ask: What's the race? | Where is the deadlock? | Which memory ordering is needed? | How can I \
    reproduce it? | Is this thread safe? | How would you fix the locking? | Explain the \
    interleaving that breaks it.
share: share a {structure} | increment the same counter | resize the same {structure} | swap two \
    accounts | lazily initialise the {structure} | write to one socket | take the locks in a \
    different order
system: our job scheduler | the connection pool | the in-memory cache | our actor system | the \
    write-ahead log | the thread pool | a lock-free queue | the session store
structure: hash map | ring buffer | work-stealing deque | free list | linked queue | priority \
    queue | LRU cache
model: the C++ memory model | relaxed ordering | the Java memory model | total store order
primitive: a mutex | an RWLock | compare-and-swap | a semaphore | a condition variable | \
    double-checked locking | a spinlock | a barrier | a memory fence | an atomic counter | a \
    lock per bucket
lang: Rust | Go | C++20 | Java 21 | Python asyncio | Kotlin coroutines | C
code:
    std::atomic<int> head{{0..3}};⏎void push(int v) {⏎  buf[head.load(std::memory_order_relaxed) \
        % {8..64}] = v;⏎  head.fetch_add(1, std::memory_order_relaxed);⏎}
    synchronized(a) {⏎  transfer(b, {5..90});⏎}⏎// other thread⏎synchronized(b) {⏎  transfer(a, \
        {5..90});⏎}
    mu.Lock()⏎if len(queue) == {0..9} {⏎    cond.Wait()⏎}⏎item := queue[0]⏎mu.Unlock()
    async def worker():⏎    async with lock:⏎        await queue.put(await \
        fetch({2..90}))⏎        await lock.acquire()
    while (!flag) {⏎  Thread.sleep({1..90});⏎}⏎process(shared.get({0..9}));
"""
