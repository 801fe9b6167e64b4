import { type ErrorCode, Refusal, errorTable } from "../../../../protocol/errors.ts";
import { type Html, html } from "../html.ts";
import { type Schemas, refTo } from "../json-schema.ts";
import { exampleProblem } from "../openapi-problems.ts";
import { tableRows } from "../table-rows.ts";
import { code, compactJson } from "./code.ts";
import { fieldTable } from "./field-table.ts";

/** Every refusal. The `type` of a problem points at its row: `/docs#error-CODE`. */
export function errorsSection(schemas: Schemas): Html {
  const problem = exampleProblem("invalid");
  const refusal = new Refusal(problem.code, problem.detail, { issues: problem.errors });
  return html`<section id="errors" aria-labelledby="errors-title">
    <h2 id="errors-title">Errors</h2>
    <div class="prose">
      <p>
        A refusal has a code that never changes its meaning, and a message for people. Sockets
        answer it as <code>error</code>, REST as <code>application/problem+json</code> (RFC 9457).
        Where the same request may work later, wait for <code>retryAfterMs</code>, or
        <code>Retry-After</code>, first.
      </p>
    </div>
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">Code</th>
          <th scope="col">When</th>
        </tr>
      </thead>
      <tbody>
        ${tableRows(errorTable).map(([name]) => errorRow(name))}
      </tbody>
    </table>
    <div class="command">
      <div class="about">
        ${fieldTable("Socket: error", refTo("ErrorReply"), schemas)}
        ${fieldTable("REST: problem", refTo("Problem"), schemas)}
      </div>
      <div class="examples">
        ${code("Socket", compactJson({ ok: false, error: refusal.toReply() }))}
        ${code("REST", compactJson(problem))}
      </div>
    </div>
  </section>`;
}

function errorRow(name: ErrorCode): Html {
  const { status, retry, title } = errorTable[name];
  return html`<tr id="error-${name}">
    <th scope="row"><code>${name}</code> <span class="status">${status}</span></th>
    <td>
      ${title}${retry ? html` <span class="note">The same request may work later.</span>` : null}
    </td>
  </tr>`;
}
