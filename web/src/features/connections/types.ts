// The API's shapes under the names this feature uses.
import type { Schemas } from "@/api/client";

export type Problem = Schemas["Problem"];
export type StageView = Schemas["StageView"];
export type StageName = StageView["stage"];
export type StageState = StageView["state"];
export type TestFinished = Schemas["TestFinished"];
export type TestRequest = Schemas["TestRequest"];
export type FoundModel = Schemas["FoundModel"];
export type ConnectionView = Schemas["ConnectionView"];
export type ConnectionList = Schemas["ConnectionList"];
export type ConnectionMake = Schemas["ConnectionMake"];
export type ConnectionChange = Schemas["ConnectionChange"];
export type EndpointReplace = Schemas["EndpointReplace"];
export type TlsInput = Schemas["TlsInput"];
export type TlsView = Schemas["TlsView"];
export type DiscoveryView = Schemas["DiscoveryView"];
export type Provider = ConnectionView["provider"];
export type Health = ConnectionView["health"];
export type AuthStyle = NonNullable<TestRequest["auth_style"]>;
