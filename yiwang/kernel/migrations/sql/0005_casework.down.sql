drop table case_import, case_request, case_attachment, case_text, case_reporter, case_file, case_counter, case_type;
