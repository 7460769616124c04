from django.db import migrations

#: Teams that were made for one user, who is in them alone: there were no personal teams before.
_OWN = """
UPDATE accounts_team AS team SET personal_of_id = owner.id
FROM accounts_user AS owner
WHERE team.name = owner.username
  AND EXISTS (SELECT FROM accounts_membership WHERE team_id = team.id AND user_id = owner.id)
  AND NOT EXISTS (SELECT FROM accounts_membership WHERE team_id = team.id AND user_id <> owner.id)
"""

#: Nobody's choice outlived a session, so it begins with the own team, else with the one that the user was in first.
_CHOICE = """
UPDATE accounts_user AS one SET acting_for_id = coalesce(
    (SELECT id FROM accounts_team WHERE personal_of_id = one.id),
    (SELECT team_id FROM accounts_membership WHERE user_id = one.id ORDER BY id LIMIT 1)
)
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_own_teams"),
    ]

    operations = [
        migrations.RunSQL(_OWN, migrations.RunSQL.noop),
        migrations.RunSQL(_CHOICE, migrations.RunSQL.noop),
    ]
