export const graphTabs = ['graph', 'timeline', 'list'] as const;
export type GraphTab = (typeof graphTabs)[number];
