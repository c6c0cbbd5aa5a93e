export interface ById {
  readonly Params: { readonly id: number }
}
