site_port = 80
site_sections = ["news", "about"]
site_backup = "daily"
