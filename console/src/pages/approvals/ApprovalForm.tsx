import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { tell } from "~/api/client";
import type { AnsweredApproval, ApprovalShown, Json } from "~/api/types";
import { said } from "~/components/Ask";
import { Fields, filled } from "~/components/Fields";
import { fieldsOf } from "~/components/schema";
import { Trouble } from "~/components/Trouble";
import { answerOf, hasVerdict, VERDICT } from "./answer";

type Asked = Pick<ApprovalShown, "step_id" | "form">;

/** The form of an approval's own schema. Where it asks for a verdict, two buttons give it. */
export function ApprovalForm({ of }: { of: Asked }): ReactNode {
  const queries = useQueryClient();
  const answer = useMutation<AnsweredApproval, Error, { form: FormData; verdict: boolean | null }>({
    mutationFn: async ({ form, verdict }) => tell(`/approvals/${of.step_id}`, { answer: answerOf(read(of.form, form), verdict), note: said(form, "mainstem-note") }),
    onSuccess: () => void queries.invalidateQueries(),
  });
  const submit = (event: React.FormEvent<HTMLFormElement>): void => {
    event.preventDefault();
    const pressed = (event.nativeEvent as SubmitEvent).submitter?.getAttribute("value");
    answer.mutate({ form: new FormData(event.currentTarget), verdict: pressed ? pressed === "yes" : null });
  };
  if (answer.isSuccess) return <p className="inside" role="status">Answered by {answer.data.answered_by}. The run goes on.</p>;
  return (
    <form className="inside form narrow" onSubmit={submit}>
      {of.form !== null && <Fields of={of.form} but={VERDICT} />}
      <label>Note <small>Kept in the audit trail beside your name; may be empty</small><textarea name="mainstem-note" rows={2} maxLength={2000} /></label>
      <Trouble of={answer.error} />
      {hasVerdict(of.form)
        ? <div className="row"><button className="primary" type="submit" value="yes" disabled={answer.isPending}>Approve</button><button className="danger" type="submit" value="no" disabled={answer.isPending}>Reject</button></div>
        : <div><button className="primary" type="submit" disabled={answer.isPending}>Answer</button></div>}
    </form>
  );
}

function read(schema: Json, form: FormData): Json {
  return schema === null ? null : fieldsOf(schema)?.every((field) => field.name === VERDICT) ? {} : filled(schema, form);
}
