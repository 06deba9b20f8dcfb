-- The working calendar by which running deadlines were reckoned last, and how far reckoning them anew has come.
create table flow_calendar (
    one boolean primary key default true check (one),
    digest text not null,
    reckoned_to uuid,
    reckoned_at timestamptz not null
);
