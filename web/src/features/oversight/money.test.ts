import { describe, expect, it } from "vitest";
import { costText, money, priceText, readCurrency, readPrice } from "./money";

// Intl puts a no-break space before a currency.
const plain = (text: string | null) => text?.replaceAll(/[\u00a0\u202f]/g, " ");

describe("money", () => {
  it("is written to the cent, and small amounts to two digits", () => {
    expect(money("en", "EUR", "1234.567")).toBe("€1,234.57");
    expect(plain(money("de", "EUR", "1234.567"))).toBe("1.234,57 €");
    expect(money("en", "USD", "0.000123456")).toBe("$0.00012");
    expect(money("en", "USD", "0")).toBe("$0.00");
  });

  it("never passes through a float", () => {
    expect(money("en", "EUR", "12345678901234567890.12")).toBe("€12,345,678,901,234,567,890.12");
  });

  it("shows a price with all its places", () => {
    expect(priceText("en", "EUR", "0.075001")).toBe("€0.075001");
    expect(priceText("en", "EUR", "3")).toBe("€3.00");
  });

  it("marks estimates, and is unknown rather than nothing where nobody counted", () => {
    const cost = { currency: "EUR", amount: "2", estimated_calls: 0, missing_calls: 1 };
    expect(costText("en", cost, 3)).toBe("€2.00");
    expect(costText("en", { ...cost, estimated_calls: 1 }, 3)).toBe("~€2.00");
    expect(costText("en", { ...cost, amount: "0" }, 1)).toBeNull();
  });
});

describe("what somebody types", () => {
  it("is a price with point or comma, and nothing else", () => {
    expect(readPrice(" 0,15 ")).toBe("0.15");
    expect(readPrice("0.15")).toBe("0.15");
    expect(readPrice("3")).toBe("3");
    for (const wrong of ["", "-1", "1e3", "1.000,50", "0.1234567", "12345678", "free", ".5"]) expect(readPrice(wrong)).toBeNull();
  });

  it("is a currency of three letters", () => {
    expect(readCurrency(" eur ")).toBe("EUR");
    expect(readCurrency("€")).toBeNull();
  });
});
