alter index case_text_terms reset (gin_pending_list_limit);
