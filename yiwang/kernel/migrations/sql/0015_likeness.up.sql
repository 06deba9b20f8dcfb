-- In what share of recent reports a word stands: tells rare words from frequent ones when a report is compared with others
-- (a report's words themselves are those of case_text). Replaced as a whole by the background worker.
create table likeness_term (
    term text collate "C" primary key,
    share real not null check (share > 0 and share <= 1)
);

-- The sample behind likeness_term: how many reports were counted, in which stretch the newest 2,000 of them came, and when.
create table likeness_sample (
    one boolean primary key default true check (one),
    reports int not null check (reports >= 0),
    since timestamptz,
    until timestamptz,
    taken_at timestamptz not null
);
