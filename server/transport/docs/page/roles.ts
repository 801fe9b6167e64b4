import { has, type RightName, ranks, rights } from "../../../rooms/policy.ts";
import { type Html, html } from "../html.ts";
import { tableRows } from "../table-rows.ts";

const columns = [null, ...ranks];

/** Who may do what to whom: the table that the server decides by, asked for every rank. */
export function rolesSection(): Html {
  return html`<section id="roles" aria-labelledby="roles-title">
    <h2 id="roles-title">Roles</h2>
    <div class="prose">
      <p>
        What people may do in a room follows from their role there. Nobody acts on an equal or
        higher role, and a room keeps at least one owner. Platform administrators carry the claim
        <code>eddy_admin</code> and are above all roles.
      </p>
    </div>
    <table class="rows">
      <thead>
        <tr>
          <th scope="col">May</th>
          ${columns.map((rank) => html`<th scope="col">${rank ?? "no member"}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${tableRows(rights).map(
          ([name, { does }]) =>
            html`<tr id="right-${name}">
              <th scope="row">${does}</th>
              ${columns.map((rank) => html`<td>${cell(name, rank)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function cell(right: RightName, rank: (typeof columns)[number]): string {
  const over = columns.filter((target) => has(right, rank, target)).length;
  if (over === 0) return "no";
  return over === columns.length ? "yes" : "on lower roles";
}
