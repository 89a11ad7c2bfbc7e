// Words for the details of an entry. A detail of a newer server keeps its own name, and a value its own spelling.
import { useTranslation } from "react-i18next";

type Value = string | number | boolean | null;

const names = [
  "address_entered",
  "before",
  "came",
  "certificates_entered",
  "client_certificate",
  "code",
  "exceptions",
  "fields",
  "has_key",
  "host",
  "left",
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
  "role",
  "stage",
  "standing",
  "standing_before",
  "tested",
  "version",
  "went",
  "zone",
] as const;

const fields = ["data_location", "key_expires_on", "maintainer_id", "name", "zone"] as const;
const zones = ["own_hardware", "own_contract", "router"] as const;
const roles = ["owner", "admin", "member"] as const;
const stages = ["url", "dns", "address", "tcp", "tls", "credential", "models", "completion", "usage"] as const;

const among = <T extends string>(known: readonly T[], text: string): T | undefined => known.find((other) => other === text);

export function useDetailWords() {
  const { t } = useTranslation("oversight");
  const { t: common } = useTranslation();
  const { t: connections } = useTranslation("connections");
  const nameOf = (name: string): string => {
    const found = among(names, name);
    return found ? t(`detail.${found}`) : name;
  };
  const fieldOf = (name: string): string => {
    const found = among(fields, name);
    return found ? t(`field.${found}`) : name;
  };
  const wordOf = (name: string, text: string): string => {
    const zone = name === "zone" ? among(zones, text) : undefined;
    if (zone) return common(`origin.${zone}`);
    const stage = name === "stage" ? among(stages, text) : undefined;
    if (stage) return connections(`stage.${stage}`);
    const role = name === "role" || name === "before" ? among(roles, text) : undefined;
    if (role) return common(`role.${role}`);
    if (name === "fields") return text.split(", ").map(fieldOf).join(", ");
    return name === "purpose" && text === "reply" ? t("purpose.reply") : text;
  };
  const valueOf = (name: string, value: Value): string => {
    if (value === null || value === "") return "–";
    if (typeof value === "boolean") return value ? t("detail.yes") : t("detail.no");
    return typeof value === "string" ? wordOf(name, value) : String(value);
  };
  return { nameOf, valueOf };
}
