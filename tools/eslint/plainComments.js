/** Openings that leave a sentence without a subject and a verb. */
const OPENING = /^(Who|What|Whom|Whose|Of a|Of an|Of the|The same|Nobody|Somebody)\b/;

/** First words of a comment, without the asterisks of a doc comment. */
const textOf = (comment) => comment.value.replace(/^[\s*]+/, '');

/** ESLint rule: a comment begins with a subject or a verb (see "Language" in CONTRIBUTING.md). */
export const plainComments = {
  meta: {
    type: 'suggestion',
    schema: [],
    messages: { opening: 'Begin a comment with its subject or a verb, not with "{{opening}}".' },
  },
  create(context) {
    return {
      Program() {
        const { sourceCode } = context;
        let previous;
        for (const comment of sourceCode.getAllComments()) {
          const continues =
            comment.type === 'Line' &&
            previous?.type === 'Line' &&
            previous.loc.end.line === comment.loc.start.line - 1;
          previous = comment;
          const opening = continues ? null : OPENING.exec(textOf(comment));
          if (opening !== null)
            context.report({ loc: comment.loc, messageId: 'opening', data: { opening: opening[0] } });
        }
      },
    };
  },
};
