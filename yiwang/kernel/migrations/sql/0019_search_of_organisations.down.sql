drop index case_file_organisation;
