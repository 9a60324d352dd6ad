// Streamlit calls this on mounting, on new data and on a new theme; one view lives per mounting.

import { Atlas } from "./atlas.js";
import { decode } from "./codec.js";
import { Focus } from "./focus.js";
import { Matrices } from "./matrices.js";
import { Tiles } from "./tiles.js";

const KINDS = { atlas: Atlas, focus: Focus, matrices: Matrices, tiles: Tiles };
const mounted = new WeakMap();

export default function ({ parentElement, data, setTriggerValue }) {
  let here = mounted.get(parentElement);
  if (here?.data === data) {
    here.view.restyle();
  } else {
    const payload = decode(data);
    if (!here) {
      here = { view: new KINDS[payload.header.kind](parentElement) };
      mounted.set(parentElement, here);
    }
    here.data = data;
    here.view.update(payload);
  }
  here.view.send = (event) => setTriggerValue("event", event);
  // Streamlit may undo a call late, when a newer one has already taken the view over: data that
  // changes while the script still loads does that.
  const call = (here.call = {});
  return () => {
    if (here.call !== call) return;
    here.view.destroy();
    mounted.delete(parentElement);
  };
}
