from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "foundry.webhooks"
    default_auto_field = "django.db.models.BigAutoField"
