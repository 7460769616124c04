from django.urls import path

from foundry.portal.operate import releases, views

urlpatterns = [
    path("", views.index, name="operate"),
    path("jobs/<int:job_id>/", views.job, name="operate-job"),
    path("requests/<uuid:request_id>/cancel/", views.cancel, name="operate-cancel"),
    path("releases/", releases.index, name="operate-releases"),
    path("releases/share/", releases.shift, name="operate-release-share"),
    path("releases/<slug:action>/", releases.change, name="operate-release-change"),
    path("costs/", views.show_costs, name="operate-costs"),
]
