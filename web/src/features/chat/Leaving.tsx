// The question whether words may leave own hardware, loaded with its texts when it is asked.
import { useQuery } from "@tanstack/react-query";
import { modelsQuery } from "@/api/queries";
import { LeaveDialog } from "./LeaveDialog";
import { elsewhere, ownModel } from "./leaving";
import type { Message, Turn } from "./tree";
import type { Question } from "./useLeaving";

export interface LeavingProps {
  question: Question;
  /** All of the conversation: own hardware may have answered on a branch that is not shown. */
  messages: readonly Message[];
  branch: readonly Turn[];
  onLeave: () => void;
  onStay: () => void;
}

export default function Leaving({ question, messages, branch, onLeave, onStay }: LeavingProps) {
  const { data } = useQuery(modelsQuery);
  const refs = elsewhere(data?.models, question.refs);
  const models = refs.flatMap((ref) => data?.models.find((model) => model.ref === ref) ?? []);
  const along = branch.slice(0, branch.findIndex((turn) => turn.message.id === question.untilId) + 1);
  const earlier = along.filter((turn) => turn.message.text.trim() !== "" || turn.message.attachments.length > 0).length;
  return <LeaveDialog from={ownModel(messages)} models={models} earlier={earlier} onLeave={onLeave} onStay={onStay} />;
}
