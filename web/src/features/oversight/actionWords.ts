// Words for the acts the trail knows. An act of a newer server is shown by its code rather than not at all.
import { useTranslation } from "react-i18next";

const known = [
  "team.created",
  "team.renamed",
  "team.plan_changed",
  "person.signed_up",
  "person.signed_in",
  "person.sign_in_failed",
  "person.signed_out",
  "member.invited",
  "member.joined",
  "member.role_changed",
  "member.removed",
  "invitation.revoked",
  "connection.created",
  "connection.tested",
  "connection.changed",
  "connection.disabled",
  "connection.enabled",
  "connection.deleted",
  "connection.key_replaced",
  "models.changed",
  "models.discovered",
  "access.refused",
  "egress.refused",
  "egress.exception_active",
  "deployment.started",
] as const;

export function useActionWords(): (action: string) => string {
  const { t } = useTranslation("oversight");
  return (action) => {
    const found = known.find((other) => other === action);
    return found ? t(`act.${found}`) : action;
  };
}
