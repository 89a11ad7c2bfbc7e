// Words for the details of an entry. A detail of a newer server keeps its own name, and a value its own spelling.
import { useTranslation } from "react-i18next";
import { useFormats } from "@/i18n/format";

type Value = string | number | boolean | null;

const names = [
  "address_entered",
  "after",
  "attachments",
  "attachment_days",
  "attachment_days_before",
  "conversation_days",
  "conversation_days_before",
  "conversations",
  "expires_on",
  "signed_on",
  "before",
  "by_operator",
  "came",
  "certificates_entered",
  "client_certificate",
  "clients",
  "code",
  "confirmed",
  "connection",
  "ends_at",
  "entries",
  "event",
  "exceptions",
  "fields",
  "filtered",
  "first",
  "format",
  "from",
  "from_zone",
  "has_key",
  "host",
  "idle_limit_min",
  "keep_days",
  "key",
  "last",
  "last_day",
  "left",
  "lifetime_min",
  "lost",
  "model",
  "models",
  "models_on",
  "network",
  "number",
  "off",
  "on",
  "passed",
  "pinned",
  "plan",
  "plan_before",
  "port",
  "private_ca",
  "purpose",
  "reason",
  "receipts",
  "role",
  "sign_ins",
  "stage",
  "standing",
  "standing_before",
  "tested",
  "titles",
  "to",
  "to_zone",
  "version",
  "went",
  "what",
  "zone",
  "zones",
] as const;

const fields = ["data_location", "key_expires_on", "maintainer_id", "name", "zone"] as const;
const zones = ["own_hardware", "own_contract", "router", "included", "unstated"] as const;
const titleMakers = ["model", "words"] as const;
const audiences = ["everyone", "nobody", "people", "roles"] as const;
const roles = ["owner", "admin", "member"] as const;
const stages = ["url", "dns", "address", "tcp", "tls", "credential", "models", "completion", "usage"] as const;

const among = <T extends string>(known: readonly T[], text: string): T | undefined => known.find((other) => other === text);

export function useDetailWords() {
  const { t } = useTranslation("oversight");
  const { t: common } = useTranslation();
  const { dateTime } = useFormats();
  const { t: seals } = useTranslation("seals");
  const { t: connections } = useTranslation("connections");
  /** `action`: of the entry. Words that leave go from one zone to another; elsewhere a zone was one and is another. */
  const nameOf = (name: string, action: string): string => {
    if (action === "conversation.left_own_hardware" && (name === "from_zone" || name === "to_zone")) return t(`leaving.${name}`);
    const found = among(names, name);
    return found ? t(`detail.${found}`) : name;
  };
  const fieldOf = (name: string): string => {
    const found = among(fields, name);
    return found ? t(`field.${found}`) : name;
  };
  /** "roles: admin, owner": a rule about who may use a model. What is none stays as it is. */
  const audienceOf = (text: string): string => {
    const [kind = "", named] = text.split(": ", 2);
    const found = among(audiences, kind);
    if (!found || (named === undefined && found !== "everyone" && found !== "nobody")) return text;
    const roleOf = (name: string) => (found === "roles" && among(roles, name) ? common(`role.${among(roles, name) ?? "member"}`) : name);
    return [t(`audience.${found}`), ...(named === undefined ? [] : [named.split(", ").map(roleOf).join(", ")])].join(": ");
  };
  const wordOf = (name: string, text: string): string => {
    const placed = ["zone", "zones", "before", "from_zone", "to_zone"].includes(name) ? text.split(" ").map((word) => among(zones, word)) : [];
    if (placed.length > 0 && placed.every((zone) => zone !== undefined)) return placed.map((zone) => seals(`zone.${zone}`)).join(", ");
    const maker = name === "titles" || name === "before" ? among(titleMakers, text) : undefined;
    if (maker) return t(`titles.${maker}`);
    const stage = name === "stage" ? among(stages, text) : undefined;
    if (stage) return connections(`stage.${stage}`);
    const role = name === "role" || name === "before" ? among(roles, text) : undefined;
    if (role) return common(`role.${role}`);
    if (name === "before" || name === "after") return audienceOf(text);
    if (name === "ends_at") return dateTime(text);
    if (name === "fields") return text.split(", ").map(fieldOf).join(", ");
    return name === "purpose" && (text === "reply" || text === "title") ? t(`purpose.${text}`) : text;
  };
  const valueOf = (name: string, value: Value): string => {
    if (value === null || value === "") return "–";
    if (typeof value === "boolean") return value ? t("detail.yes") : t("detail.no");
    return typeof value === "string" ? wordOf(name, value) : String(value);
  };
  return { nameOf, valueOf };
}
