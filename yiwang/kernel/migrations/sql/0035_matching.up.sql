-- Matching: rules that packs declare, offers that were asked for needs, and needs for which nobody was found yet.

-- A rule as published last; what no pack declares any more is kept, not active, for what it has proposed.
create table match_rule (
    id text primary key,
    pack text not null,
    body jsonb not null,
    digest text not null,
    published_at timestamptz not null,
    active boolean not null
);

-- An offer asked for a need. task_id: the step at which the case waits; it is asked there once. ended_at: the need has ended.
create table match_proposal (
    id uuid primary key,
    rule text not null references match_rule (id),
    need_kind text not null check (need_kind in ('case', 'thing')),
    need_id uuid not null,
    task_id uuid,
    number text not null,
    offer_id uuid not null,
    account_id uuid,
    area text collate "C" not null,
    organisation_id int,
    score real not null,
    explained jsonb not null,
    by_hand boolean not null default false,
    state text not null check (state in ('open', 'accepted', 'refused', 'expired', 'withdrawn', 'done')),
    proposed_at timestamptz not null,
    proposed_by text not null,
    answer_by timestamptz not null,
    answered_at timestamptz,
    answered_by text not null default '',
    reason text not null default '',
    amount real,
    satisfaction smallint check (satisfaction between 1 and 5),
    ended_at timestamptz
);
create unique index match_proposal_once on match_proposal (task_id, offer_id) where task_id is not null;
create unique index match_proposal_taken on match_proposal (need_id, coalesce(task_id, need_id)) where state = 'accepted';
create unique index match_proposal_asked on match_proposal (need_id, offer_id) where state in ('open', 'accepted');
create index match_proposal_need on match_proposal (need_id, proposed_at);
create index match_proposal_newest on match_proposal (rule, id desc);
create index match_proposal_live on match_proposal (rule, offer_id) where state in ('open', 'accepted');
create index match_proposal_done on match_proposal (rule, ended_at) where state = 'done';
create index match_proposal_offer on match_proposal (offer_id, proposed_at);
create index match_proposal_account on match_proposal (account_id, id desc) where account_id is not null;

-- A need for which nobody was found, and when it is looked at again.
create table match_waiting (
    need_id uuid primary key,
    rule text not null references match_rule (id),
    tried_at timestamptz not null,
    next_at timestamptz not null
);
