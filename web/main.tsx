import { render } from "preact";

import { App } from "./app.tsx";
import { embedded } from "./navigation/route.ts";
import { comeInThroughHost } from "./session/host.ts";

import "./look/look.css";

if (embedded) await comeInThroughHost();
const page = document.querySelector("#page");
if (page !== null) render(<App />, page);
