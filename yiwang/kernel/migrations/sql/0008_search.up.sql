-- Search: every question to the index of the words also reads, row by row, what was written since its pending list was last
-- merged. At the server's 4 MB that are four thousand cases, dearer than all the rest of a search; and the report whose
-- turn it was to merge them waited for it. At 256 kB merging costs the same and nobody notices.
alter index case_text_terms set (gin_pending_list_limit = 256);
select gin_clean_pending_list('case_text_terms');
