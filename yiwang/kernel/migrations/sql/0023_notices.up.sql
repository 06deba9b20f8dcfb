-- Public notices (公告) of casework; and what people have said about the alarms of hot issues.

-- A notice to the public: written, published, withdrawn. The text is plain; paragraphs are parted by empty lines.
create table notice (
    id uuid primary key,
    title_zh text not null,
    title_en text not null default '',
    text_zh text not null,
    text_en text not null default '',
    kind text not null check (kind in ('notice', 'service', 'warning', 'result')),
    area text collate "C" not null default '',
    organisation_id int,
    state text not null check (state in ('draft', 'published', 'withdrawn')),
    version int not null default 1,
    written_by uuid,
    written_name text not null,
    written_at timestamptz not null,
    changed_at timestamptz not null,
    published_at timestamptz,
    published_name text,
    until_at timestamptz,
    withdrawn_at timestamptz,
    withdrawn_reason text,
    words text[] not null default '{}'
);
create index notice_public on notice (published_at desc, id desc) where state = 'published';
create index notice_changed on notice (changed_at desc, id desc);
create index notice_words on notice using gin (words) where state = 'published';

-- Who has seen the alarm of a hot issue, and what was said to it; a later alarm is a new one.
alter table hot_issue
    add column acknowledged_at timestamptz,
    add column acknowledged_name text,
    add column acknowledged_note text;
