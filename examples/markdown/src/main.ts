import { definePlugin } from "@paddock/sdk";
import MarkdownIt from "markdown-it";

const renderer = new MarkdownIt({ linkify: true });

export default definePlugin({
  actions: {
    render: (input: { markdown: string }) => ({ html: renderer.render(input.markdown) }),
  },
});
