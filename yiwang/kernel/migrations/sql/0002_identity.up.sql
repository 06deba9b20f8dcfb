-- Identity: organisations, posts, accounts, roles, sign-in. Written only by yiwang.identity.

-- Grows with every change of organisations, posts, appointments, roles; its row lock puts such changes in sequence.
create table directory_version (
    only_row boolean primary key default true check (only_row),
    version bigint not null default 1
);
insert into directory_version default values;

-- Organisations (机构) as a tree; path holds the ids from the root down to the row itself.
create table organisation (
    id int generated always as identity primary key,
    code text collate "C" not null unique,
    parent_id int references organisation,
    name_zh text not null,
    name_en text not null,
    kind text not null,
    area text collate "C" not null default '',
    serves text[] not null default '{}',
    path int[] not null,
    position int not null default 0,
    active boolean not null default true
);
create index organisation_parent on organisation (parent_id, position);

-- Kinds of post (岗位), with the names that posts without names of their own have.
create table post_kind (
    code text collate "C" primary key,
    name_zh text not null,
    name_en text not null
);

-- Posts: a kind of post in an organisation for an area (area code or responsibility grid code; '' the whole city).
create table post (
    id int generated always as identity primary key,
    organisation_id int not null references organisation,
    code text collate "C" not null,
    area text collate "C" not null default '',
    name_zh text,
    name_en text,
    source text not null,
    active boolean not null default true,
    unique (organisation_id, code, area)
);
create index post_code_area on post (code, area);
create index post_source on post (source);

-- People's (and programs') accounts; password is an argon2id hash, null while nobody may sign in with one.
create table account (
    id uuid primary key,
    login text collate "C" not null unique,
    name text not null,
    organisation_id int references organisation,
    password text,
    must_change boolean not null default false,
    state text not null default 'active' check (state in ('active', 'locked', 'disabled')),
    created_at timestamptz not null,
    password_changed_at timestamptz
);
create index account_organisation on account (organisation_id, id);

-- Who holds which post, and when; ended rows stay.
create table appointment (
    account_id uuid not null references account,
    post_id int not null references post,
    starts_at timestamptz not null,
    ends_at timestamptz,
    primary key (account_id, post_id, starts_at),
    check (ends_at >= starts_at)
);
create index appointment_post on appointment (post_id);

-- Roles (角色): grants in scope words; class marks the roles of the three administrators.
create table role (
    code text collate "C" primary key,
    name_zh text not null,
    name_en text not null,
    class text check (class in ('system', 'security', 'audit')),
    grants jsonb not null,
    source text not null,
    active boolean not null default true
);

-- Roles that come with a kind of post, by the source (pack) that says so.
create table post_role (
    post_code text collate "C" not null,
    role_code text collate "C" not null references role,
    source text not null,
    primary key (post_code, role_code, source)
);

-- Roles given to one account directly, within an area and an organisation's subtree; revoked rows stay.
create table account_role (
    id uuid primary key,
    account_id uuid not null references account,
    role_code text collate "C" not null references role,
    area text collate "C" not null default '',
    organisation_id int references organisation,
    granted_at timestamptz not null,
    granted_by uuid,
    revoked_at timestamptz
);
create unique index account_role_once on account_role (account_id, role_code, area, coalesce(organisation_id, 0))
    where revoked_at is null;

-- Failed sign-ins by login, whether such an account exists or not, so that the two cannot be told apart.
create table sign_in_failure (
    login text collate "C" primary key,
    failures int not null,
    last_at timestamptz not null,
    locked_until timestamptz
);
create index sign_in_failure_last on sign_in_failure (last_at);

-- Sessions of signed-in people; hash is SHA-256 of the cookie's value; ended sessions are deleted.
create table session (
    id uuid primary key,
    hash bytea not null unique,
    account_id uuid not null references account,
    created_at timestamptz not null,
    seen_at timestamptz not null,
    expires_at timestamptz not null,
    address text not null,
    agent text not null
);
create index session_account on session (account_id, created_at);
create index session_expires on session (expires_at);

-- API tokens with their own part of the owner's grants; hash is SHA-256 of the token; revoked rows stay.
create table api_token (
    id uuid primary key,
    hash bytea not null unique,
    account_id uuid not null references account,
    name text not null,
    grants jsonb not null,
    in_posts boolean not null default false,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    last_used_at timestamptz,
    revoked_at timestamptz
);
create index api_token_account on api_token (account_id, id);
