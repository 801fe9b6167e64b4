import { render } from "preact";

import { App } from "./app.tsx";

import "./look/look.css";

const page = document.querySelector("#page");
if (page !== null) render(<App />, page);
