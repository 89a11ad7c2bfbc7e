// Who may use a model, as pages work with it: a form, what is sent of it, and whether the editor is among them.
import type { Schemas } from "@/api/client";

export type Audience = Schemas["AudienceView"];
export type Kind = Audience["kind"] | "inherit";
export type Role = Audience["roles"][number];
export type NamedPerson = Schemas["NamedPerson"];

export const ROLES: readonly Role[] = ["owner", "admin", "member"];

export interface AudienceForm {
  kind: Kind;
  roles: readonly Role[];
  people: readonly string[];
}

/** The form for what holds now; `fallback` where there is no rule. */
export function formOf(audience: Audience | null, fallback: Kind): AudienceForm {
  return { kind: audience?.kind ?? fallback, roles: audience?.roles ?? [], people: audience?.people.map((person) => person.id) ?? [] };
}

/** False while nobody would be chosen: such a rule is not sent. */
export function isComplete(form: AudienceForm): boolean {
  return form.kind === "roles" ? form.roles.length > 0 : form.kind !== "people" || form.people.length > 0;
}

/** Only what belongs to the kind goes out: roles ticked before somebody chose people are no part of the rule. */
export function toBody(form: AudienceForm): { kind: Kind; roles: Role[]; people: string[] } {
  return { kind: form.kind, roles: form.kind === "roles" ? ROLES.filter((role) => form.roles.includes(role)) : [], people: form.kind === "people" ? [...form.people] : [] };
}

/** Whether somebody is left out by the form as it stands; a rule of others is not known here. */
export function leavesOut(form: AudienceForm, me: { id: string; role: string }): boolean {
  if (form.kind === "roles") return !form.roles.some((role) => role === me.role);
  return form.kind === "nobody" || (form.kind === "people" && !form.people.includes(me.id));
}

/** A list with one thing put in or taken out. */
export function toggled<T>(list: readonly T[], one: T, isIn: boolean): T[] {
  const others = list.filter((other) => other !== one);
  return isIn ? [...others, one] : others;
}
