drop table journal_seal, journal_era, journal, clock;
drop function journal_is_append_only;
