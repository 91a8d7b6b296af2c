import { place } from "./address.js";
import { el } from "./element.js";
import { pictureUrl, swipe } from "./swipe.js";
import type { Tab } from "./tab.js";

/** Source images before and after the coarse stage. */
export const styleTab: Tab = ({ id, details: { styles } }) => {
  const at = place.number("at") ?? 50;
  const pairs = styles.map((name) => {
    const view = swipe(at, () => {});
    const file = (kind: string) => pictureUrl(id, `style/${name}-${kind}.jpg`);
    view.show(
      { src: file("content"), name: "before" },
      { src: file("result"), name: "after" },
      `Source image ${name}`,
    );
    return view.element;
  });
  return {
    element: el(
      "div",
      {},
      el(
        "p",
        { class: "note" },
        "Source images before and after the coarse stage. The network gets the latter.",
      ),
      el("div", { class: "pairs" }, ...pairs),
    ),
  };
};
