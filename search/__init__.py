"""Architecture search: how candidate networks are scored and which ones are kept."""
